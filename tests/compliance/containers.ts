import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildDataProcessor } from '../../image/cargo.ts';
import type { RunningService } from '../harness/running-service.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Finds the process ids of the containers that run this job now, by JOB_ID in their environment (/proc on Linux, ps -E
 * on macOS). The container of a pod is a process of this machine, too.
 */
export function containersOf(jobId: string): number[] {
  const script =
    process.platform === 'linux'
      ? `grep -lzx 'JOB_ID=${jobId}' /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3`
      : `ps -A -ww -E -o pid=,command= | grep 'JOB_ID=${jobId}' | grep -v grep | awk '{print $1}'`;
  const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
}

/** Starts a second container of a job's first attempt beside the running one, as a Job that starts two pods does. */
export async function startSecondContainer(service: RunningService, jobId: string): Promise<ChildProcess> {
  const { timeoutSeconds, maxAttempts } = await service.job(jobId);
  return spawn(await buildDataProcessor(root), [], {
    env: {
      JOB_ID: jobId,
      ATTEMPT: '0',
      MAX_ATTEMPTS: String(maxAttempts),
      TIMEOUT_SECONDS: String(timeoutSeconds),
      BEAT_SECONDS: '0.5',
      TABLE_NAME: 'eks-jobs-local',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: service.dynamodbUrl,
    },
    stdio: 'ignore',
  });
}
