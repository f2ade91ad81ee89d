import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JobView } from '../../api/responses/job.ts';
import { containersOf } from '../compliance/containers.ts';
import { eventually, RunningService } from '../harness/running-service.ts';

let service: RunningService;

beforeAll(async () => {
  service = await RunningService.start();
});

afterAll(() => service.stop());

/** Plans a job by its number: a third of the jobs fail, in three known ways. */
function planOf(index: number): { input: object; status: string; attempts: string[] } {
  const input = { source: 'synthetic', records: 100, recordsPerSecond: 400, seed: index };
  switch (index % 9) {
    case 0:
      return {
        input: { ...input, failAttempts: 3 },
        status: 'FAILED',
        attempts: ['FAILED', 'FAILED', 'FAILED'],
      };
    case 3:
      return { input: { ...input, failAttempts: 1 }, status: 'SUCCEEDED', attempts: ['FAILED', 'SUCCEEDED'] };
    case 6:
      return { input: { source: 'nowhere' }, status: 'FAILED', attempts: ['FAILED'] };
    default:
      return { input, status: 'SUCCEEDED', attempts: ['SUCCEEDED'] };
  }
}

test('200 jobs at once, one container killed, the service killed meanwhile: all end as planned, counted once', async () => {
  // It must still run when the last of the others is posted, also on a busy machine.
  const victimPlan = { source: 'synthetic', records: 3000, recordsPerSecond: 100 };
  const victim = await service.post({ input: victimPlan });
  const pid = await eventually(() => containersOf(victim)[0], 'the container to be killed');
  const plans = Array.from({ length: 200 }, (_, index) => planOf(index));
  const ids = await Promise.all(plans.map(({ input }) => service.post({ input })));
  process.kill(pid, 'SIGKILL');
  // The failure must be recorded before the service is killed; otherwise the container ended with the service, and is
  // replaced in the same attempt.
  await eventually(async () => {
    const path = `/jobs/${victim}/history`;
    const { body } = await service.request<{ events: { type: string }[] }>('GET', path);
    return body.events.some(({ type }) => type === 'TaskFailed') || undefined;
  }, 'the failure of the killed container');

  await eventually(async () => {
    const { jobs } = await service.stats();
    return jobs.succeeded + jobs.failed > 60 || undefined;
  }, 'a third of the work');
  service.kill('SIGKILL');
  await service.exit();
  const { stateDirectory, port } = service;
  service = await RunningService.start({ stateDirectory, port });

  const ended: JobView[] = [];
  for (const jobId of ids) ended.push(await service.ended(jobId));
  expect(
    ended.map(({ status, attempts }) => ({ status, attempts: attempts.map((each) => each.status) })),
  ).toEqual(plans.map(({ status, attempts }) => ({ status, attempts })));
  const killed = await service.ended(victim);
  expect(killed.attempts.map(({ status, error }) => error?.code ?? status)).toEqual([
    'AttemptLost',
    'SUCCEEDED',
  ]);

  // Computed from the inputs alone, plus the one container that was killed.
  const planned = [...plans, { status: 'SUCCEEDED', attempts: ['FAILED', 'SUCCEEDED'] }];
  const all = planned.flatMap(({ attempts }) => attempts);
  expect(await service.stats()).toEqual({
    succeedJob: all.filter((status) => status === 'SUCCEEDED').length,
    jobRetry: all.length - planned.length,
    failedJob: all.filter((status) => status === 'FAILED').length,
    jobs: {
      succeeded: planned.filter(({ status }) => status === 'SUCCEEDED').length,
      failed: planned.filter(({ status }) => status === 'FAILED').length,
      cancelled: 0,
      timedOut: 0,
    },
  });
}, 300_000);
