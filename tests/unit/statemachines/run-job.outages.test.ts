import { describe, expect, test } from '@jest/globals';
import { type Integration, type Task, TaskFailure } from '../../../local/aws/step-functions/index.ts';
import { type Json, textField } from '../../../local/aws/step-functions/json.ts';
import { limits } from '../../../jobs/protocol.ts';
import { definitionWith } from '../../harness/run-job-definition.ts';
import {
  eventsOf,
  execute,
  fakeIntegration,
  startStepFunctions,
  untilEnded,
} from '../../harness/states/in-memory-step-functions.ts';

// The state machine as it is deployed, with services that fail, on a clock on which hours pass at once.

const input: Json = {
  ...{ jobId: '01jdd0000000000000000000aa', owner: 'alice', origin: 'api', input: '{}' },
  ...{ maxAttempts: 3, timeoutSeconds: 60 },
};

/** A submitted Job: its name and attempt number, and when. */
interface Submission {
  name: string;
  attempt: number;
  at: number;
}

interface Services {
  /** Fails a transaction of Register, or does not. Times are in seconds since the start. */
  register?: (at: number) => void;
  /** Ends the Job of this submission, the how manieth it is. */
  runJob?: (at: number, index: number) => void;
  settle?: (at: number) => Json;
}

/** Runs one job. @returns how its execution ended, after how many seconds, the states it passed, and the submissions. */
async function run({ register, runJob, settle }: Services) {
  const submissions: Submission[] = [];
  const begun = { at: 0 };
  const seconds = (): number => (clock.now() - begun.at) / 1000;
  const call = (task: Task): Json => {
    if (task.stateName === 'Register') register?.(seconds());
    else if (task.stateName === 'RunJob') {
      submissions.push(submissionOf(task.arguments, seconds()));
      runJob?.(seconds(), submissions.length - 1);
    } else return { Payload: settle?.(seconds()) ?? { verdict: 'SUCCEEDED', message: '' } };
    return {};
  };
  const integration: Integration = fakeIntegration(
    (task) =>
      new Promise<Json>((resolve) => {
        resolve(call(task));
      }),
  );
  const { service, clock } = startStepFunctions({ integrations: [integration], random: Math.random });
  begun.at = clock.now();
  const arn = execute(service, JSON.parse(definitionWith()) as object, input);
  const ended = await untilEnded(service, arn);
  const states = eventsOf(service, arn).flatMap(({ stateEnteredEventDetails: details }) =>
    details === undefined ? [] : [textField(details, 'name')],
  );
  const result = { status: ended.status, cause: ended.cause, seconds: seconds(), states, submissions };
  service.close();
  return result;
}

function submissionOf(value: Json, at: number): Submission {
  const [, name = ''] = /"metadata":\{"name":"([^"]+)"/.exec(JSON.stringify(value)) ?? [];
  const [, attempt = ''] = /\{"name":"ATTEMPT","value":"(\d+)"\}/.exec(JSON.stringify(value)) ?? [];
  return { name, attempt: Number(attempt), at };
}

const fail = (error: string, cause = ''): never => {
  throw new TaskFailure(error, cause);
};

const attempts = (submissions: Submission[]): number[] => submissions.map(({ attempt }) => attempt);

test('a job that succeeds passes three states: each costs money', async () => {
  const { status, states } = await run({});
  expect(status).toBe('SUCCEEDED');
  expect(states).toEqual(['Register', 'RunJob', 'Settle']);
});

describe('a cluster that does not accept Jobs', () => {
  test.each(['EKS.401', 'EKS.429', 'EKS.500', 'EKS.503'])(
    'for a minute (%s) delays the job by a minute or two and uses up no attempt',
    async (error) => {
      const { status, submissions, seconds } = await run({
        runJob: (at) => {
          if (at < 60) fail(error);
        },
      });
      expect(status).toBe('SUCCEEDED');
      expect(new Set(attempts(submissions))).toEqual(new Set([0]));
      expect(submissions.length).toBeGreaterThan(2);
      expect(new Set(submissions.map(({ name }) => name)).size).toBe(submissions.length);
      expect(seconds).toBeGreaterThanOrEqual(60);
      expect(seconds).toBeLessThan(240);
    },
  );

  test('between two attempts: all three attempts are made, with new names', async () => {
    // Attempt 0 fails; two submissions fail; attempt 1 fails; one submission fails; attempt 2 fails.
    const ends = [
      'States.TaskFailed',
      'EKS.503',
      'EKS.409',
      'States.TaskFailed',
      'EKS.500',
      'States.Timeout',
    ];
    const { submissions, states } = await run({
      runJob: (_at, index) => fail(ends[index] ?? 'States.TaskFailed'),
    });
    // The visit of attempt 2 has two retries left; a container beyond the last attempt ends the job.
    expect(attempts(submissions)).toEqual([0, 1, 1, 1, 2, 2, 3, 4]);
    expect(new Set(submissions.map(({ name }) => name)).size).toBe(8);
    expect(states.filter((name) => name === 'RunJob')).toHaveLength(4);
    expect(states.at(-1)).toBe('Settle');
  });

  test('for hours: the machine gives up after six hours, and Settle records why', async () => {
    const { status, cause, states, submissions, seconds } = await run({
      runJob: () => fail('EKS.503'),
      settle: () => ({ verdict: 'FAILED', message: 'SubmissionFailed: the cluster did not accept the Job' }),
    });
    expect(status).toBe('FAILED');
    expect(cause).toContain('SubmissionFailed');
    expect(submissions).toHaveLength(42);
    expect(new Set(attempts(submissions))).toEqual(new Set([0]));
    expect(seconds / 3600).toBeGreaterThan(4.5);
    expect(seconds / 3600).toBeLessThan(7.5);
    expect(states.slice(-3)).toEqual(['KeepSubmitting', 'Settle', 'Failed']);
  });

  test('with an unknown error uses up the attempts: only known names are repeated', async () => {
    const { submissions } = await run({ runJob: () => fail('EKS.SomethingElse') });
    expect(attempts(submissions)).toEqual([0, 1, 2]);
    expect(submissions).toHaveLength(limits.machineAttempts);
  });
});

describe('a table that is away', () => {
  test.each([
    ['five seconds', 5],
    ['45 minutes', 45 * 60],
    ['an hour and a half', 90 * 60],
  ])('for %s delays the job', async (_name, away) => {
    const { status, states, submissions, seconds } = await run({
      register: (at) => {
        if (at < away) fail('DynamoDb.SdkClientException', 'database or disk is full');
      },
    });
    expect(status).toBe('SUCCEEDED');
    expect(states).toEqual(['Register', 'RunJob', 'Settle']);
    expect(attempts(submissions)).toEqual([0]);
    expect(seconds).toBeGreaterThanOrEqual(away);
    expect(seconds).toBeLessThan(away + 310);
  });

  const cancelled = (reason: string): never =>
    fail(
      'DynamoDb.TransactionCanceledException',
      `Transaction cancelled, please refer cancellation reasons for specific reasons [${reason}, None] ` +
        '(Service: DynamoDb, Status Code: 400, Request ID: 1)',
    );

  test('that throttles while it grows delays the job', async () => {
    const { status, submissions, states } = await run({
      register: (at) => {
        if (at < 1800) cancelled('ThrottlingError');
      },
    });
    expect(status).toBe('SUCCEEDED');
    expect(states.slice(-3)).toEqual(['Register', 'RunJob', 'Settle']);
    expect(attempts(submissions)).toEqual([0]);
  });

  test('a duplicate is settled within seconds, without a Job', async () => {
    const { states, submissions, seconds } = await run({
      register: () => cancelled('ConditionalCheckFailed'),
      settle: () => ({ verdict: 'DUPLICATE', message: '' }),
    });
    expect(states).toEqual(['Register', 'IsDuplicate', 'Settle']);
    expect(submissions).toEqual([]);
    expect(seconds).toBeLessThan(10);
  });
});

test.each(['Lambda.TooManyRequestsException', 'ThrottlingException'])(
  'settle-job that is throttled (%s) for an hour is called again',
  async (error) => {
    const { status, seconds, states } = await run({
      settle: (at) => (at < 3600 ? fail(error) : { verdict: 'SUCCEEDED' }),
    });
    expect(status).toBe('SUCCEEDED');
    expect(states).toEqual(['Register', 'RunJob', 'Settle']);
    expect(seconds).toBeLessThan(3600 + 310);
  },
);

/** A tenth of 2,000 jobs; the full number runs with `DYING_JOBS=2000`. */
const dyingJobs = Number(process.env['DYING_JOBS'] ?? 200);

// A bad image or a lost zone. Settle reads the history of each such job, and for 2,000 jobs AWS allows 400 of these
// calls at once and 20 a second after that.
test('jobs that die at once are all settled, although each needs a call that AWS throttles', async () => {
  const settled = new Map<string, number>();
  let calls = 0;
  const [burst, rate] = [dyingJobs / 5, dyingJobs / 100];
  const tokens = { left: burst, at: 0 };
  const takeToken = (at: number): boolean => {
    tokens.left = Math.min(burst, tokens.left + (at - tokens.at) * rate);
    tokens.at = at;
    if (tokens.left < 1) return false;
    tokens.left -= 1;
    return true;
  };
  const start = { at: 0 };
  const call = (task: Task): Json => {
    if (task.stateName === 'RunJob') fail('States.TaskFailed');
    if (task.stateName !== 'Settle') return {};
    calls += 1;
    if (!takeToken((clock.now() - start.at) / 1000)) fail('ThrottlingException', 'Rate exceeded');
    const jobId = /"jobId":"([^"]+)"/.exec(JSON.stringify(task.arguments))?.[1] ?? '';
    settled.set(jobId, (settled.get(jobId) ?? 0) + 1);
    return { Payload: { verdict: 'FAILED', message: 'AttemptLost: lost' } };
  };
  const integration = fakeIntegration(
    (task) =>
      new Promise<Json>((resolve) => {
        resolve(call(task));
      }),
  );
  const { service, clock } = startStepFunctions({ integrations: [integration], random: Math.random });
  start.at = clock.now();
  const { arn: stateMachineArn } = service.machines.create({
    name: 'run-job',
    definition: definitionWith(),
    roleArn: 'arn:aws:iam::123456789012:role/machine',
  });
  const arns = Array.from({ length: dyingJobs }, (_, index) => {
    const name = `job-${index}`;
    const request = { stateMachineArn, name, input: JSON.stringify({ ...input, jobId: name }) };
    return service.startExecution(request).executionArn;
  });
  for (const arn of arns) expect((await untilEnded(service, arn)).status).toBe('FAILED');
  expect(settled.size).toBe(dyingJobs);
  expect([...settled.values()].every((count) => count === 1)).toBe(true);
  // The calls that AWS rejected are repeated, and not so often that they prevent each other.
  expect(calls).toBeGreaterThan(dyingJobs);
  expect(calls).toBeLessThan(dyingJobs * 20);
  expect((clock.now() - start.at) / 1000).toBeLessThan(1800);
  service.close();
}, 600_000);
