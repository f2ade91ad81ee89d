import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JobView } from '../../api/responses/job.ts';
import { eventually, RunningService } from '../harness/running-service.ts';
import { sweepNow } from '../harness/sweep-now.ts';

let service: RunningService;

beforeAll(async () => {
  service = await RunningService.start({ arguments: ['--concurrency', '1'] });
});

afterAll(() => service.stop());

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
  expect(await sweepNow(service, { waitingTurn: [second] })).toMatchObject({ explained: 1 });
  expect((await inStatus(second, 'QUEUED')).waitingReason).toEqual({
    reason: 'LimitReached',
    message: 'The maximum number of jobs is running; this job waits for its turn.',
  });
  // Without a change nothing is written.
  expect(await sweepNow(service, { waitingTurn: [second] })).toMatchObject({ explained: 0 });

  // The attribute stays in the table and does not disturb the container.
  await service.request('DELETE', `/jobs/${first}`);
  expect(await inStatus(second, 'RUNNING')).not.toHaveProperty('waitingReason');
  await service.request('DELETE', `/jobs/${second}`);
  await inStatus(second, 'CANCELLED');
});
