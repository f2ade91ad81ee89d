import * as z from 'zod';
import { UserError } from '../../../lib/user-error.ts';
import { messageOf } from '../../aws/step-functions/integrations/job-runner.ts';
import type { ApiServer } from './api-server.ts';
import { jobsIn } from './cluster-jobs.ts';
import { explained, hopeless, type Problem, tooLate } from './diagnosis.ts';
import { Feed } from './feed.ts';
import { Job, jobName, Manifest, outcomeOf, withEnvironment } from './job.ts';
import { endingOf, Pod } from './pod.ts';

/** How long a pod may take to be placed, started and answered, in milliseconds. */
const within = 60_000;

/** Where jobs are to run, and what of it the user chose. */
export interface Place {
  context: string;
  namespace: string;
  /** What the cluster must give a container besides its manifest. */
  environment: Readonly<Record<string, string>>;
  /** The table, as pods know it. */
  table: string;
}

/** Turns a job's manifest into the check: the same pod, but its container only reads the table once. */
function checkOf(job: unknown, environment: Place['environment']): Manifest {
  const { spec, ...rest } = withEnvironment(Manifest.parse(job), environment);
  const pod = spec.template.spec;
  const [container] = pod.containers;
  const template = { ...spec.template, spec: { ...pod, containers: [{ ...container, args: ['check'] }] } };
  // Short, in case the deletion below fails.
  return Manifest.parse({ ...rest, spec: { ...spec, template, ttlSecondsAfterFinished: 60 } });
}

/**
 * Runs the jobs' own pod once, to see that the cluster has its image, takes it, and lets it reach the table.
 * @param job the manifest of a job, as the state machine would submit it.
 * @throws UserError saying which of these is not so, and what to do.
 */
export async function probe(api: ApiServer, job: unknown, place: Place, signal: AbortSignal): Promise<void> {
  const manifest = checkOf(job, place.environment);
  await ensureNeighbours(api, manifest, place);
  const jobs = jobsIn(place.namespace);
  const created = await api.request('POST', jobs, manifest);
  if (created.statusCode !== 201) {
    throw new UserError(
      `the cluster of context ${place.context} does not take Jobs in the namespace ${place.namespace}: ` +
        `${created.statusCode} ${messageOf(created.body)}`,
    );
  }
  const check = Job.parse(created.body);
  try {
    const problem = await watched(api, check, place, signal);
    if (problem) throw new UserError(explained(problem, manifest, place));
  } finally {
    // Should this fail, the Job's own limits end it and take it away.
    await api
      .request('DELETE', `${jobs}/${check.metadata.name}?propagationPolicy=Background`)
      .catch(() => undefined);
  }
}

/** Follows Job and pod to their end, or to what is no use waiting for. @returns undefined when the check succeeded. */
async function watched(
  api: ApiServer,
  job: Job,
  { namespace }: Place,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const { name } = job.metadata;
  const seen = Promise.withResolvers<Problem>();
  let last: Pod | undefined;
  const pods = new Feed(api, `/api/v1/namespaces/${namespace}/pods`, `${jobName}=${name}`, Pod, (pod) => {
    last = pod;
    const problem = hopeless(pod);
    if (problem) seen.resolve(problem);
  });
  const jobs = new Feed(
    api,
    jobsIn(namespace),
    `eks-jobs/job-id=${job.metadata.labels['eks-jobs/job-id'] ?? ''}`,
    Job,
  );
  pods.start();
  jobs.start();
  const timeout = AbortSignal.timeout(within);
  try {
    const ended = jobs.until(
      job.metadata,
      (state) => (state ? outcomeOf(state) : gone),
      AbortSignal.any([signal, timeout]),
    );
    const first = await Promise.race([ended, seen.promise]);
    if ('of' in first) return first;
    if (first.succeeded) return undefined;
    return { of: 'program', heard: (last && endingOf(last)) ?? first.message ?? 'the Job failed' };
  } catch (error) {
    if (!timeout.aborted || signal.aborted) throw error;
    return tooLate(last) ?? { of: 'pod', heard: `no pod was made: ${await lastEvent(api, namespace, name)}` };
  } finally {
    await Promise.all([pods.stop(), jobs.stop()]);
  }
}

const gone = { succeeded: false, message: 'the Job was deleted by somebody else' };

/** Namespace and service account, if this context may see them; a Job without them never gets a pod. */
async function ensureNeighbours(api: ApiServer, manifest: Manifest, place: Place): Promise<void> {
  const namespace = `/api/v1/namespaces/${place.namespace}`;
  const account = z
    .object({ serviceAccountName: z.string() })
    .parse(manifest.spec.template.spec).serviceAccountName;
  for (const [path, what] of [
    [namespace, `no namespace ${place.namespace}`],
    [
      `${namespace}/serviceaccounts/${account}`,
      `no service account ${account} in the namespace ${place.namespace}`,
    ],
  ] as const) {
    if ((await api.request('GET', path)).statusCode === 404) {
      throw new UserError(
        `the cluster of context ${place.context} has ${what}; ` +
          `npm run k8s:apply -- --context ${place.context} puts there what jobs need`,
      );
    }
  }
}

const Events = z.object({ items: z.array(z.object({ message: z.string().default('') })) });

/** Events are for those who may see them. */
async function lastEvent(api: ApiServer, namespace: string, name: string): Promise<string> {
  const query = new URLSearchParams({
    fieldSelector: `involvedObject.name=${name}`,
    limit: '100',
  }).toString();
  const { body } = await api.request('GET', `/api/v1/namespaces/${namespace}/events?${query}`);
  return Events.safeParse(body).data?.items.at(-1)?.message ?? 'why is in the events of its Job';
}
