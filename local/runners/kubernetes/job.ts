import * as z from 'zod';
import { jobIdLabel } from '../../../k8s/labels.ts';
import type { JobOutcome } from '../../aws/step-functions/integrations/job-runner.ts';

/** The parts of a Job that the runner needs to create it; the API server checks the rest. */
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

/** The parts that the runner reads in a Job of the cluster. */
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

/** The label that names the service that created a Job. */
export const managedBy = 'app.kubernetes.io/managed-by';

/** The label that Kubernetes gives a Job's pods. */
export const jobName = 'batch.kubernetes.io/job-name';

/** Adds variables to the container's environment; variables of the manifest keep their values. */
export function withEnvironment(manifest: Manifest, variables: Readonly<Record<string, string>>): Manifest {
  const { template } = manifest.spec;
  const [container] = template.spec.containers;
  const known = new Set(container.env.map(({ name }) => name));
  const added = Object.entries(variables)
    .filter(([name]) => !known.has(name))
    .map(([name, value]) => ({ name, value }));
  const containers: typeof template.spec.containers = [{ ...container, env: [...container.env, ...added] }];
  const spec = { ...template.spec, containers };
  return { ...manifest, spec: { ...manifest.spec, template: { ...template, spec } } };
}

/** Checks that a Job was created from this manifest: the same service and the same job id. */
export function isOurs(job: Job, metadata: Manifest['metadata']): boolean {
  return [managedBy, jobIdLabel].every((label) => job.metadata.labels[label] === metadata.labels[label]);
}

/** Returns how a Job ended, or undefined: at SuccessCriteriaMet and FailureTarget, before Complete and Failed, pods may still run. */
export function outcomeOf({ status }: Job): JobOutcome | undefined {
  const conditionOf = (type: string) =>
    status.conditions.find((known) => known.type === type && known.status === 'True');
  if (conditionOf('Complete')) return { succeeded: true };
  const failed = conditionOf('Failed');
  if (!failed) return undefined;
  const { reason, message } = failed;
  return {
    succeeded: false,
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
  };
}
