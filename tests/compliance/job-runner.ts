import { RunningService, type StartOptions } from '../harness/running-service.ts';
import { eventually } from '../harness/running-service.ts';
import { containersOf } from './containers.ts';

/** The address at which pods reach the table, when there is a cluster: `npm run test:cluster` sets it. */
const clusterAddress = process.env['CLUSTER_ADDRESS'];

/** Where the jobs of these tests run: as processes, or as pods of a real Kubernetes. */
export const place = clusterAddress === undefined ? 'process' : 'kubernetes';

/** The service as a user starts it for that place. */
export async function startService({
  arguments: more = [],
  ...options
}: StartOptions = {}): Promise<RunningService> {
  if (clusterAddress === undefined) return RunningService.start({ ...options, arguments: more });
  const { clusterArguments } = await import('../harness/cluster/service.ts');
  return RunningService.start({ ...options, arguments: [...(await clusterArguments()), ...more] });
}

/** Waits until nothing of a job is left: no container, and no Kubernetes Job. @throws when something stays. */
export async function nothingLeft(jobId: string): Promise<void> {
  await eventually(async () => {
    if (containersOf(jobId).length > 0) return undefined;
    if (clusterAddress === undefined) return true;
    const { kubectl } = await import('../harness/cluster/kubectl.ts');
    const objects = await kubectl('get', 'jobs,pods', '-A', '-l', `eks-jobs/job-id=${jobId}`, '-o', 'name');
    return objects === '' || undefined;
  }, `nothing left of job ${jobId}`);
}
