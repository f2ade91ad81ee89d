import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { RunningService } from '../harness/running-service.ts';

/** The AWS CLI must show executions at the local endpoint as it does on AWS. */
const aws = fileURLToPath(new URL('../../.venv/bin/aws', import.meta.url));
const environment = {
  PATH: process.env['PATH'],
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_PAGER: '',
};
const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:eks-jobs-local-run-job';

let service: RunningService;
let jobId: string;

beforeAll(async () => {
  service = await RunningService.start();
  jobId = await service.post({ input: { source: 'synthetic', records: 0, failAttempts: 1 } });
  await service.ended(jobId);
});

afterAll(() => service.stop());

const stepfunctions = (...arguments_: string[]): unknown =>
  JSON.parse(
    execFileSync(
      aws,
      ['stepfunctions', ...arguments_, '--endpoint-url', service.stepFunctionsUrl, '--output', 'json'],
      { env: environment, encoding: 'utf8' },
    ),
  );

const Executions = z.object({
  executions: z.array(z.object({ executionArn: z.string(), name: z.string() })),
});

const arnOfJob = (): string => {
  const { executions } = Executions.parse(
    stepfunctions('list-executions', '--state-machine-arn', stateMachineArn),
  );
  return executions.find(({ name }) => name === jobId)?.executionArn ?? '';
};

describe('the AWS CLI against the local Step Functions', () => {
  test('lists and describes the execution of a job', () => {
    const described = stepfunctions('describe-execution', '--execution-arn', arnOfJob());
    expect(described).toMatchObject({ name: jobId, stateMachineArn });
    expect(JSON.parse(z.object({ input: z.string() }).parse(described).input)).toMatchObject({
      jobId,
      origin: 'api',
    });
  });

  test('shows its history: both tries, then Settle', () => {
    const { events } = z
      .object({
        events: z.array(
          z.object({ type: z.string(), stateEnteredEventDetails: z.object({ name: z.string() }).optional() }),
        ),
      })
      .parse(stepfunctions('get-execution-history', '--execution-arn', arnOfJob()));
    expect(events[0]?.type).toBe('ExecutionStarted');
    const types = events.map(({ type }) => type);
    // Register's task, then RunJob's two.
    expect(types.filter((type) => type === 'TaskScheduled').length).toBeGreaterThanOrEqual(3);
    expect(types.filter((type) => type === 'TaskFailed')).toHaveLength(1);
    const entered = events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []);
    expect(entered.slice(0, 2)).toEqual(['Register', 'RunJob']);
  });

  test('shows AWS’s error for an execution that does not exist', () => {
    const arn = `${stateMachineArn.replace('stateMachine', 'execution')}:nothing`;
    const { status, stderr } = spawnSync(
      aws,
      [
        'stepfunctions',
        'describe-execution',
        '--execution-arn',
        arn,
        '--endpoint-url',
        service.stepFunctionsUrl,
      ],
      { env: environment, encoding: 'utf8' },
    );
    expect(status).not.toBe(0);
    expect(stderr).toContain('ExecutionDoesNotExist');
  });
});
