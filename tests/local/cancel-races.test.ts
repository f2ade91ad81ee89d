import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Stats } from '../../api/responses/service.ts';
import type { DynamoJobStore } from '../../jobs/aws/job-store.ts';
import { cancel } from '../../jobs/cancel.ts';
import { Conflict } from '../../jobs/errors.ts';
import { ExecutionInput } from '../../jobs/execution-input.ts';
import { type Execution, executionFence } from '../../jobs/execution.ts';
import { isTerminal, type TerminalStatus } from '../../jobs/protocol.ts';
import type { JobRecord } from '../../jobs/record.ts';
import { settle } from '../../jobs/settle.ts';
import type { Write } from '../../jobs/write.ts';
import { Machine } from '../harness/container/machine.ts';
import { goldenAbout } from '../harness/golden.ts';
import { freePorts } from '../harness/running-service.ts';
import { draws, takeTurns, type Turn } from './turns.ts';

/**
 * Two callers cancel a job while it is registered, started, finished, retried and settled. Each request goes to a real table,
 * in an order that the seed decides. The container is replaced by its golden transactions, which its tests check.
 */
const seeds = Number(process.env['CANCEL_RACES'] ?? 1000);

let machine: Machine;

beforeAll(async () => {
  machine = await Machine.start(await freePorts());
}, 600_000);

afterAll(() => machine.stop());

const startedAt = '2026-11-23T10:00:00.000Z';
const now = (): Date => new Date('2026-11-23T10:01:00.000Z');

/** Rewrites a golden transaction for another job; runners are named after the try that they run. */
function transaction(name: string, jobId: string, [previousRunner, runner]: [string, string]): Write[] {
  const { writes } = goldenAbout(name, jobId);
  const text = JSON.stringify(writes).replaceAll('runner-a', previousRunner).replaceAll('runner-b', runner);
  return JSON.parse(text) as Write[];
}

/** The transactions of a job's containers, try by try. */
const plans = [
  [['start', 'finish-succeeded']],
  [['start', 'finish-permanent']],
  [
    ['start', 'finish-retryable'],
    ['start-retry', 'finish-succeeded-second'],
  ],
  // The second container ends without another write.
  [['start', 'finish-retryable'], ['start-retry']],
];

/** One job's execution: the states of run-job, and the execution's status in Step Functions. */
class RaceExecution {
  readonly jobId: string;
  readonly execution: Execution & { input: ExecutionInput };
  #tries = 0;

  constructor(jobId: string) {
    this.jobId = jobId;
    const arn = `arn:aws:states:eu-central-1:123456789012:execution:run-job:${jobId}`;
    const input = {
      ...{ jobId, owner: 'local', origin: 'api' as const },
      ...{ input: '{"source":"synthetic","records":5000}', maxAttempts: 3, timeoutSeconds: 3600 },
      ...{ labels: {}, resources: {} },
    };
    this.execution = {
      ...{ arn, fence: executionFence(arn, startedAt), status: 'RUNNING', startedAt, input },
    };
  }

  /** A method and not a value: the status changes while `run` waits. */
  stopped(): boolean {
    return this.execution.status === 'ABORTED';
  }

  /** Runs the plan. The container of a stopped execution continues until its next write fails. */
  async run(store: DynamoJobStore, plan: string[][]): Promise<void> {
    if (await store.write(transaction('register', this.jobId, ['', '']))) {
      for (const [number, transactions] of plan.entries()) {
        if (this.stopped()) return;
        this.#tries += 1;
        const runners: [string, string] = [`runner-${number - 1}`, `runner-${number}`];
        for (const name of transactions) {
          if (!(await store.write(transaction(name, this.jobId, runners)))) break;
        }
      }
    }
    if (this.stopped()) return;
    await this.settle(store, 'RUNNING');
    if (!this.stopped()) this.execution.status = 'SUCCEEDED';
  }

  async settle(store: DynamoJobStore, status: 'RUNNING' | 'ABORTED'): Promise<void> {
    const { jobId, execution } = this;
    const executions = {
      describe: () => Promise.resolve(execution),
      tries: () => Promise.resolve({ tries: Array.from({ length: this.#tries }, () => ({})) }),
    };
    const cluster = { deleteJobs: () => Promise.resolve() };
    await settle({ jobId, execution: execution.fence, status }, { store, executions, cluster, now });
  }

  stop(): void {
    if (this.execution.status === 'RUNNING') this.execution.status = 'ABORTED';
  }
}

/** Returns a table whose requests wait for their turn. */
function inTurn(store: DynamoJobStore, turn: Turn): DynamoJobStore {
  const waiting = {
    readDecisive: async (jobId: string, at: number) => {
      await turn();
      return store.readDecisive(jobId, at);
    },
    write: async (writes: readonly Write[]) => {
      await turn();
      return store.write(writes);
    },
  };
  return Object.assign(Object.create(store) as DynamoJobStore, waiting);
}

/** Cancels the job. @returns the status that the caller gets: CANCELLED, or how the job has ended. */
async function cancelledStatus(race: RaceExecution, store: DynamoJobStore, turn: Turn): Promise<string> {
  const executions = {
    ofJob: async () => {
      await turn();
      return { ...race.execution };
    },
    stop: async () => {
      await turn();
      race.stop();
    },
  };
  try {
    await cancel(race.jobId, { owner: 'local', admin: false }, { store, executions, now });
    return 'CANCELLED';
  } catch (error) {
    if (error instanceof Conflict) return error.details[0]?.message ?? '';
    throw error;
  }
}

/** How many races run at once: they mostly wait for the pauses before a read is repeated. */
const atOnce = 25;

interface RaceResult {
  seed: number;
  statuses: string[];
  record: JobRecord;
}

async function run(seed: number): Promise<RaceResult> {
  const draw = draws(seed);
  const race = new RaceExecution(`race-${seed}`);
  const plan = plans[draw(plans.length)] ?? [];
  const statuses: string[] = [];
  const caller = async (turn: Turn): Promise<void> => {
    // Some callers come late.
    for (let wait = draw(12); wait > 0; wait -= 1) await turn();
    statuses.push(await cancelledStatus(race, inTurn(machine.store, turn), turn));
  };
  await takeTurns(draw, [(turn) => race.run(inTurn(machine.store, turn), plan), caller, caller]);
  if (race.stopped()) await race.settle(machine.store, 'ABORTED');
  return { seed, statuses, record: await machine.record(race.jobId) };
}

/** Computes the expected counters from the records alone. */
function expectedStats(records: readonly JobRecord[]): Stats {
  const attempts = records.flatMap((record) => record.attempts);
  const ofAttempts = (status: string): number => attempts.filter((each) => each.status === status).length;
  const ofJobs = (status: TerminalStatus): number =>
    records.filter(({ job }) => job.status === status).length;
  return {
    succeedJob: ofAttempts('SUCCEEDED'),
    jobRetry: attempts.filter(({ attempt }) => attempt > 0).length,
    failedJob: ofAttempts('FAILED'),
    jobs: {
      succeeded: ofJobs('SUCCEEDED'),
      failed: ofJobs('FAILED'),
      cancelled: ofJobs('CANCELLED'),
      timedOut: ofJobs('TIMED_OUT'),
    },
  };
}

test(`a cancel against the end of a job, ${seeds} times: one final status, the same for every caller, and each attempt counted once`, async () => {
  const records: JobRecord[] = [];
  for (let first = 1; first <= seeds; first += atOnce) {
    const size = Math.min(atOnce, seeds - first + 1);
    const races = await Promise.all(Array.from({ length: size }, (_, index) => run(first + index)));
    for (const { seed, statuses, record } of races) {
      const { job, attempts } = record;
      const running = attempts.some(({ status }) => status === 'RUNNING');
      expect({ seed, ended: isTerminal(job.status), open: job.open, running, statuses }).toEqual({
        ...{ seed, ended: true, open: undefined, running: false },
        statuses: [job.status, job.status],
      });
      records.push(record);
    }
    // After each group of seeds, so that a wrong count can be traced to a few seeds.
    expect({ first, ...(await machine.stats()) }).toEqual({ first, ...expectedStats(records) });
  }
  // Fewer outcomes would mean that the races no longer cover a case.
  const outcomes = records.map(
    ({ job, attempts }) => `${job.status}: ${attempts.map(({ status }) => status).join(' ')}`,
  );
  expect(new Set(outcomes)).toEqual(
    new Set([
      'SUCCEEDED: SUCCEEDED',
      'SUCCEEDED: FAILED SUCCEEDED',
      'FAILED: FAILED',
      'FAILED: FAILED FAILED',
      'CANCELLED: ',
      'CANCELLED: CANCELLED',
      'CANCELLED: FAILED',
      'CANCELLED: FAILED CANCELLED',
    ]),
  );
}, 900_000);
