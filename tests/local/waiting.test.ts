import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JobView } from '../../api/responses/job.ts';
import { eventually, RunningService } from '../harness/running-service.ts';

let service: RunningService;

beforeAll(async () => {
  service = await RunningService.start({ arguments: ['--concurrency', '1'] });
});

afterAll(() => service.stop());

/** Runs the sweep that the service runs every five minutes: the same handler on the same table. */
async function sweep(event: object): Promise<unknown> {
  const at = (offset: number): string => `http://127.0.0.1:${service.port + offset}`;
  Object.assign(process.env, {
    ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
    ...{ AWS_ENDPOINT_URL_SFN: at(1), AWS_ENDPOINT_URL_DYNAMODB: at(2), AWS_ENDPOINT_URL_SCHEDULER: at(3) },
    TABLE_NAME: 'eks-jobs-local',
    STATE_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:eks-jobs-local-run-job',
    SCHEDULE_GROUP: 'eks-jobs-local',
    SCHEDULE_ROLE_ARN: 'arn:aws:iam::000000000000:role/eks-jobs-local-scheduler',
    SCHEDULE_DEAD_LETTERS_ARN: 'arn:aws:sqs:us-east-1:000000000000:eks-jobs-local-undelivered',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
  });
  const { handler } = await import('../../handlers/sweep.ts');
  return handler(event, { awsRequestId: 'a', functionName: 'sweep' } as Parameters<typeof handler>[1]);
}

const slow = { input: { source: 'synthetic', records: 1_000_000, recordsPerSecond: 10 } };

test('a job that waits for its turn shows this reason until it begins', async () => {
  const first = await service.post(slow);
  const inStatus = (jobId: string, wanted: string): Promise<JobView> =>
    eventually(async () => {
      const { status, body } = await service.request<JobView>('GET', `/jobs/${jobId}`);
      return status === 200 && body.status === wanted ? body : undefined;
    }, `job ${jobId} is ${wanted}`);
  await inStatus(first, 'RUNNING');
  const second = await service.post(slow);
  expect(await inStatus(second, 'QUEUED')).not.toHaveProperty('waitingReason');

  // It must be registered: sweep does not see it before.
  await eventually(async () => {
    const { body } = await service.request<{ jobs: JobView[] }>('GET', '/jobs?status=QUEUED');
    return body.jobs.some(({ jobId }) => jobId === second) || undefined;
  }, 'the second job is registered');
  expect(await sweep({ waitingTurn: [second] })).toMatchObject({ explained: 1 });
  expect((await inStatus(second, 'QUEUED')).waitingReason).toEqual({
    reason: 'LimitReached',
    message: 'The maximum number of jobs is running; this job waits for its turn.',
  });
  // Without a change nothing is written.
  expect(await sweep({ waitingTurn: [second] })).toMatchObject({ explained: 0 });

  // The attribute stays in the table and does not disturb the container.
  await service.request('DELETE', `/jobs/${first}`);
  expect(await inStatus(second, 'RUNNING')).not.toHaveProperty('waitingReason');
  await service.request('DELETE', `/jobs/${second}`);
  await inStatus(second, 'CANCELLED');
});
