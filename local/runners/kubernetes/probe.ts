import * as z from 'zod';
import { jobIdLabel } from '../../../k8s/labels.ts';
import { UserError } from '../../../lib/user-error.ts';
import { messageOf } from '../../aws/step-functions/integrations/job-runner.ts';
import type { ContextApiServer } from './api-server.ts';
import { jobsIn } from './cluster-jobs.ts';
import { Feed } from './feed.ts';
import { Job, jobName, Manifest, outcomeOf, withEnvironment } from './job.ts';
import { endingOf, Pod } from './pod.ts';

/** How long the pod may take to be scheduled, to start and to end, in milliseconds. */
const timeLimit = 60_000;

/** Where jobs will run, and the settings that the messages name. */
export interface ProbeTarget {
  context: string;
  namespace: string;
  /** What a container gets in addition to its manifest. */
  environment: Readonly<Record<string, string>>;
  /** The table's URL for pods. */
  tableUrl: string;
}

/** Why the check did not succeed: which part is at fault, and what Kubernetes or the program reported. */
interface Problem {
  part: 'image' | 'node' | 'pod' | 'program';
  report: string;
}

/**
 * Runs the job's pod once with the argument `check`, to make sure that the cluster has its image, accepts it, and connects
 * it to the table.
 * @param job the manifest of a job, as the state machine would submit it.
 * @throws UserError naming what is missing, and how to fix it.
 */
export async function probe(
  api: ContextApiServer,
  job: unknown,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<void> {
  const manifest = checkManifest(job, target.environment);
  await ensureNamespace(api, manifest, target);
  const jobs = jobsIn(target.namespace);
  const created = await api.request('POST', jobs, manifest);
  if (created.statusCode !== 201) {
    throw new UserError(
      `the cluster of context ${target.context} does not accept Jobs in the namespace ${target.namespace}: ` +
        `${created.statusCode} ${messageOf(created.body)}`,
    );
  }
  const check = Job.parse(created.body);
  try {
    const problem = await waitForCheck(api, check, target, signal);
    if (problem) throw new UserError(describeProblem(problem, manifest, target));
  } finally {
    // If this fails, the Job's own deadline and TTL remove it.
    await api
      .request('DELETE', `${jobs}/${check.metadata.name}?propagationPolicy=Background`)
      .catch(() => undefined);
  }
}

/** Turns a job's manifest into the check: the same pod, but its container only reads the table once. */
function checkManifest(job: unknown, environment: ProbeTarget['environment']): Manifest {
  const { spec, ...rest } = withEnvironment(Manifest.parse(job), environment);
  const pod = spec.template.spec;
  const [container] = pod.containers;
  const template = { ...spec.template, spec: { ...pod, containers: [{ ...container, args: ['check'] }] } };
  // Short, in case the deletion fails.
  return Manifest.parse({ ...rest, spec: { ...spec, template, ttlSecondsAfterFinished: 60 } });
}

/** Checks that namespace and service account exist, if this context may read them: without them a Job never gets a pod. */
async function ensureNamespace(
  api: ContextApiServer,
  manifest: Manifest,
  target: ProbeTarget,
): Promise<void> {
  const namespace = `/api/v1/namespaces/${target.namespace}`;
  const account = z
    .object({ serviceAccountName: z.string() })
    .parse(manifest.spec.template.spec).serviceAccountName;
  for (const [path, missing] of [
    [namespace, `no namespace ${target.namespace}`],
    [
      `${namespace}/serviceaccounts/${account}`,
      `no service account ${account} in the namespace ${target.namespace}`,
    ],
  ] as const) {
    if ((await api.request('GET', path)).statusCode === 404) {
      throw new UserError(
        `the cluster of context ${target.context} has ${missing}; ` +
          `npm run k8s:apply -- --context ${target.context} creates what jobs need`,
      );
    }
  }
}

/** Waits until the Job ends, or its pod reports a problem that waiting does not solve. @returns undefined on success. */
async function waitForCheck(
  api: ContextApiServer,
  job: Job,
  { namespace }: ProbeTarget,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const { name } = job.metadata;
  const podProblem = Promise.withResolvers<Problem>();
  let lastPod: Pod | undefined;
  const pods = new Feed(api, `/api/v1/namespaces/${namespace}/pods`, `${jobName}=${name}`, Pod, (pod) => {
    lastPod = pod;
    const problem = permanentProblem(pod);
    if (problem) podProblem.resolve(problem);
  });
  const jobs = new Feed(
    api,
    jobsIn(namespace),
    `${jobIdLabel}=${job.metadata.labels[jobIdLabel] ?? ''}`,
    Job,
  );
  pods.start();
  jobs.start();
  const timeout = AbortSignal.timeout(timeLimit);
  try {
    const outcome = jobs.until(
      job.metadata,
      (state) => (state ? outcomeOf(state) : deleted),
      AbortSignal.any([signal, timeout]),
    );
    const first = await Promise.race([outcome, podProblem.promise]);
    if ('part' in first) return first;
    if (first.succeeded) return undefined;
    const report = (lastPod && endingOf(lastPod)) ?? first.message ?? 'the Job failed';
    return { part: 'program', report };
  } catch (error) {
    if (!timeout.aborted || signal.aborted) throw error;
    if (lastPod) return timeoutProblem(lastPod);
    return { part: 'pod', report: `the Job has no pod: ${await lastEvent(api, namespace, name)}` };
  } finally {
    await Promise.all([pods.stop(), jobs.stop()]);
  }
}

const deleted = { succeeded: false, message: 'the Job was deleted by another client' };

/** Finds a problem of a pod that waiting does not solve. */
function permanentProblem(pod: Pod): Problem | undefined {
  for (const { state } of pod.status.containerStatuses) {
    if (!state.waiting) continue;
    const { reason, message } = state.waiting;
    const report = `${reason} ${message}`.trim();
    if (/^(ErrImage|ImagePull|ImageInspect|InvalidImage)/.test(reason)) return { part: 'image', report };
    if (/^(CreateContainer|RunContainer)/.test(reason)) return { part: 'pod', report };
  }
  return undefined;
}

/** Finds why a pod has not ended within the time limit. */
function timeoutProblem(pod: Pod): Problem {
  const scheduled = pod.status.conditions.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False') return { part: 'node', report: scheduled.message };
  const [container] = pod.status.containerStatuses;
  const { waiting, running } = container?.state ?? {};
  if (running) return { part: 'program', report: 'the check in the pod does not end' };
  return {
    part: 'pod',
    report: `it is still ${waiting?.reason ?? pod.status.phase ?? 'Pending'} ${waiting?.message ?? ''}`,
  };
}

/** Describes a problem for the user, and how to fix it. */
function describeProblem({ part, report }: Problem, manifest: Manifest, target: ProbeTarget): string {
  const { image } = z.object({ image: z.string() }).parse(manifest.spec.template.spec.containers[0]);
  const reason = report.trim();
  switch (part) {
    case 'image':
      return (
        `the cluster of context ${target.context} cannot pull the image ${image}: ${reason}. ` +
        'npm run image -- --load kind|k3d|minikube|containerd builds the image and loads it into the cluster; ' +
        '--image selects another image'
      );
    case 'node':
      return (
        `the job's pod does not fit on any node of the cluster: ${reason}. Check --node-selector, the nodes' taints ` +
        'and their free capacity. If the cluster creates nodes on demand, start again when the node is ready'
      );
    case 'pod':
      return (
        `the pod that checks the cluster does not start: ${reason}. For details run ` +
        `kubectl --context ${target.context} -n ${target.namespace} get events`
      );
    case 'program':
      return (
        `pods cannot use the table at ${target.tableUrl}: ${reason}. Check that the pods' network can reach the ` +
        'address of --advertise, also through firewalls. If the cluster enforces NetworkPolicy, ' +
        `npm run k8s:apply -- --context ${target.context} --table-address ` +
        `${target.tableUrl.replace(/^https?:\/\//, '')} allows the connection`
      );
  }
}

const Events = z.object({ items: z.array(z.object({ message: z.string().default('') })) });

/** Reads the last event of a Job, if this context may read events. */
async function lastEvent(api: ContextApiServer, namespace: string, name: string): Promise<string> {
  const query = new URLSearchParams({
    fieldSelector: `involvedObject.name=${name}`,
    limit: '100',
  }).toString();
  const { body } = await api.request('GET', `/api/v1/namespaces/${namespace}/events?${query}`);
  return Events.safeParse(body).data?.items.at(-1)?.message ?? "see the Job's events for the reason";
}
