import { afterEach, describe, expect, test } from '@jest/globals';
import type { JobView } from '../../api/responses/job.ts';
import { eventually, RunningService } from '../harness/running-service.ts';

let service: RunningService;

afterEach(() => service.stop());

/** Restarts the service with the same state and ports. */
async function restart(): Promise<void> {
  const { stateDirectory, port } = service;
  service = await RunningService.start({ stateDirectory, port });
}

const running = async (jobId: string): Promise<JobView> =>
  eventually(async () => {
    const job = await service.job(jobId);
    return job.status === 'RUNNING' && (job.progress?.done ?? 0) > 0 ? job : undefined;
  }, `job ${jobId} at work`);

/** About three seconds of work: long enough to be killed while it runs. */
const slow = { input: { source: 'synthetic', records: 300, recordsPerSecond: 100 } };

describe('npm start, killed while jobs run, resumes them at the next start', () => {
  test.each([
    [
      'kill -9 of its process',
      () => {
        service.kill('SIGKILL');
      },
    ],
    [
      'kill -9 of its process group',
      () => {
        service.killGroup('SIGKILL');
      },
    ],
    [
      'Ctrl-C',
      () => {
        service.kill('SIGINT');
      },
    ],
  ])('%s', async (_how, kill) => {
    service = await RunningService.start();
    const jobs = [await service.post(slow), await service.post(slow)];
    await Promise.all(jobs.map(running));
    kill();
    await service.exit();
    await restart();
    for (const jobId of jobs) {
      const job = await service.ended(jobId);
      // A child that ended with the service is an interrupted pod: it is replaced in the same attempt, and no retry is used up.
      expect(job).toMatchObject({
        status: 'SUCCEEDED',
        result: { records: 300 },
        attempts: [{ attempt: 0 }],
      });
    }
    expect(await service.stats()).toEqual({
      succeedJob: 2,
      jobRetry: 0,
      failedJob: 0,
      jobs: { succeeded: 2, failed: 0, cancelled: 0, timedOut: 0 },
    });
  });

  test('a delayed retry keeps its due time', async () => {
    service = await RunningService.start();
    const jobId = await service.post({ input: { source: 'synthetic', records: 0, failAttempts: 1 } });
    await eventually(async () => {
      const [attempt] = (await service.job(jobId)).attempts;
      return attempt?.status === 'FAILED' || undefined;
    }, 'the first failure');
    service.kill('SIGKILL');
    await service.exit();
    await restart();
    const job = await service.ended(jobId);
    expect(job.attempts.map(({ status }) => status)).toEqual(['FAILED', 'SUCCEEDED']);
  });
});
