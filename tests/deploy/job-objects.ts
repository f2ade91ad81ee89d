import * as z from 'zod';
import { kubectl } from '../harness/cluster/kubectl.ts';
import { eventually } from '../harness/running-service.ts';
import { patience } from './client.ts';

const Events = z.object({
  items: z.array(
    z.object({ reason: z.string(), involvedObject: z.object({ kind: z.string(), name: z.string() }) }),
  ),
});

/** What the cluster holds of a stack's jobs. */
export class JobObjects {
  readonly #inNamespace: readonly string[];

  constructor(namespace: string) {
    this.#inNamespace = ['--namespace', namespace];
  }

  /** The names of a job's objects, a line each. */
  names(kinds: string, jobId: string): Promise<string> {
    const selector = ['--selector', `eks-jobs/job-id=${jobId}`];
    return kubectl('get', kinds, ...this.#inNamespace, ...selector, '--output', 'name');
  }

  /** Whatever a job left goes, though its pod needs a moment. */
  async gone(jobId: string): Promise<void> {
    await eventually(
      async () => (await this.names('jobs,pods', jobId)) === '' || undefined,
      `nothing left of ${jobId}`,
      patience,
    );
  }

  /** What happened to a job's Jobs and pods, the pods' random ends cut off. */
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
