import * as z from 'zod';
import { kubectl } from '../harness/cluster/kubectl.ts';
import { eventually } from '../harness/running-service.ts';
import { stepTimeout } from './client.ts';

const Events = z.object({
  items: z.array(
    z.object({ reason: z.string(), involvedObject: z.object({ kind: z.string(), name: z.string() }) }),
  ),
});

/** Reads the objects of a stack's jobs in the cluster. */
export class JobObjects {
  readonly #inNamespace: readonly string[];

  constructor(namespace: string) {
    this.#inNamespace = ['--namespace', namespace];
  }

  /** Lists the names of a job's objects, one per line. */
  names(kinds: string, jobId: string): Promise<string> {
    const selector = ['--selector', `eks-jobs/job-id=${jobId}`];
    return kubectl('get', kinds, ...this.#inNamespace, ...selector, '--output', 'name');
  }

  /** Waits until a job's Jobs and pods are deleted; a pod needs some time to end. */
  async gone(jobId: string): Promise<void> {
    await eventually(
      async () => (await this.names('jobs,pods', jobId)) === '' || undefined,
      `the deletion of the objects of ${jobId}`,
      stepTimeout,
    );
  }

  /** Lists the events of a job's Jobs and pods, without the random suffixes of pod names. */
  async events(jobId: string): Promise<string[]> {
    const events = await kubectl('get', 'events', ...this.#inNamespace, '--output', 'json');
    return Events.parse(JSON.parse(events))
      .items.filter(({ involvedObject: { name } }) => name.startsWith(jobId))
      .map(
        ({ reason, involvedObject: { kind, name } }) =>
          `${kind}/${kind === 'Pod' ? name.replace(/-\w+$/, '') : name} ${reason}`,
      );
  }
}
