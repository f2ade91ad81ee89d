import { RunningService, type StartOptions } from '../harness/running-service.ts';
import { eventually } from '../harness/running-service.ts';
import { containersOf } from './containers.ts';

/** The address at which pods reach the table. `npm run test:cluster` sets it; without a cluster it is undefined. */
const clusterAddress = process.env['CLUSTER_ADDRESS'];

/** How the jobs of these tests run: as processes, or as pods of a real Kubernetes. */
export const jobRunnerKind = clusterAddress === undefined ? 'process' : 'kubernetes';

/** Starts the service as a user does for that kind of job runner. */
export async function startService({
  arguments: extraArguments = [],
  ...options
}: StartOptions = {}): Promise<RunningService> {
  if (clusterAddress === undefined) return RunningService.start({ ...options, arguments: extraArguments });
  const { clusterArguments } = await import('../harness/cluster/service.ts');
  return RunningService.start({ ...options, arguments: [...(await clusterArguments()), ...extraArguments] });
}

/** Waits until a job has neither containers nor Kubernetes Jobs. @throws Error when some of them remain. */
export async function waitForCleanup(jobId: string): Promise<void> {
  await eventually(async () => {
    if (containersOf(jobId).length > 0) return undefined;
    if (clusterAddress === undefined) return true;
    const { kubectl } = await import('../harness/cluster/kubectl.ts');
    const objects = await kubectl('get', 'jobs,pods', '-A', '-l', `eks-jobs/job-id=${jobId}`, '-o', 'name');
    return objects === '' || undefined;
  }, `nothing left of job ${jobId}`);
}
