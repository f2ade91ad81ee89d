import * as z from 'zod';
import type { JobOutcome } from '../../aws/step-functions/integrations/job-runner.ts';

/** What the runner must find in a Job that it is to create; the rest is the cluster's business. */
export const Manifest = z.looseObject({
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()) }),
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({
        terminationGracePeriodSeconds: z.number().default(30),
        containers: z.tuple([
          z.looseObject({ env: z.array(z.looseObject({ name: z.string() })).default([]) }),
        ]),
      }),
    }),
  }),
});
export type Manifest = z.infer<typeof Manifest>;

const Condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
});

/** What the runner looks at in a Job of the cluster. */
export const Job = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.object({
    template: z.object({ spec: z.object({ terminationGracePeriodSeconds: z.number().default(30) }) }),
  }),
  status: z.object({ conditions: z.array(Condition).default([]) }).default({ conditions: [] }),
});
export type Job = z.infer<typeof Job>;

/** The label that names whose Job it is. */
export const managedBy = 'app.kubernetes.io/managed-by';

/** The label that Kubernetes gives a Job's pods. */
export const jobName = 'batch.kubernetes.io/job-name';

/** The manifest with more environment for its container; what it says itself stays. */
export function withEnvironment(manifest: Manifest, more: Readonly<Record<string, string>>): Manifest {
  const { template } = manifest.spec;
  const [container] = template.spec.containers;
  const known = new Set(container.env.map(({ name }) => name));
  const added = Object.entries(more)
    .filter(([name]) => !known.has(name))
    .map(([name, value]) => ({ name, value }));
  const containers: typeof template.spec.containers = [{ ...container, env: [...container.env, ...added] }];
  const spec = { ...template.spec, containers };
  return { ...manifest, spec: { ...manifest.spec, template: { ...template, spec } } };
}

/** Whether this is the Job that the manifest asks for: the same name, the same service, the same job. */
export function isOurs(job: Job, metadata: Manifest['metadata']): boolean {
  return [managedBy, 'eks-jobs/job-id'].every(
    (label) => job.metadata.labels[label] === metadata.labels[label],
  );
}

/** How a Job ended, or undefined while it has not: before Complete and Failed (SuccessCriteriaMet, FailureTarget) pods may still run. */
export function outcomeOf({ status }: Job): JobOutcome | undefined {
  const is = (type: string) =>
    status.conditions.find((known) => known.type === type && known.status === 'True');
  if (is('Complete')) return { succeeded: true };
  const failed = is('Failed');
  if (!failed) return undefined;
  const { reason, message } = failed;
  return {
    succeeded: false,
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
  };
}
