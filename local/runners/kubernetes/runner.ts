import pRetry, { AbortError } from 'p-retry';
import {
  type ClusterAnswer,
  type JobOutcome,
  JobRefused,
  type JobRunner,
  type JobRunOptions,
  type KubernetesJob,
  messageOf,
  type StartedJob,
} from '../job-runner.ts';
import { type ApiServer, NoAnswer, reasonOf } from './api-server.ts';
import { Feed } from './feed.ts';
import { isOurs, Job, jobName, managedBy, Manifest, outcomeOf, withEnvironment } from './job.ts';
import { endingOf, Pods } from './pod.ts';

/** How long an API server that restarts is waited for before a Job counts as refused: milliseconds. */
const patience = 300_000;

/** How long a deleted Job's pods may take to go beyond their grace period: milliseconds. */
const leaving = 30_000;

/** Statuses that say: later. After one of them (429 aside) a request may still have been carried out. */
const isTransient = (status: number): boolean => status === 429 || status >= 500;

/** Runs Jobs in a Kubernetes cluster: created as they are given, followed by one watch for all of them. */
export class KubernetesRunner implements JobRunner {
  readonly #api: ApiServer;
  readonly #service: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #feeds = new Map<string, Feed<Job>>();
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  /**
   * @param service whose Jobs these are: the value of their label app.kubernetes.io/managed-by.
   * @param environment what this cluster must give a container besides its manifest.
   */
  constructor(api: ApiServer, service: string, environment: Readonly<Record<string, string>>) {
    this.#api = api;
    this.#service = service;
    this.#environment = environment;
  }

  async start(job: KubernetesJob, options: JobRunOptions): Promise<StartedJob> {
    const manifest = withEnvironment(Manifest.parse(job), this.#environment);
    if (manifest.metadata.labels[managedBy] !== this.#service) {
      throw new Error(`a Job without the label ${managedBy}: ${this.#service} would never be seen again`);
    }
    const { namespace, resumed } = options;
    const signal = AbortSignal.any([options.signal, this.#stopping.signal]);
    const answer = await this.#tracked(this.#make(manifest, namespace, resumed, signal));
    const ended = this.#tracked(this.#follow(Job.parse(answer.body), namespace, signal));
    return { answer, ended };
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the service stops'));
    if (this.#running.size > 0) {
      console.error(`eks-jobs: interrupting ${this.#running.size} jobs in the cluster`);
    }
    // One that is just being created is followed for a moment, to be deleted.
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    await Promise.all([...this.#feeds.values()].map((feed) => feed.stop()));
  }

  #tracked<Value>(work: Promise<Value>): Promise<Value> {
    this.#running.add(work);
    return work.finally(() => this.#running.delete(work));
  }

  #feed(namespace: string): Feed<Job> {
    let feed = this.#feeds.get(namespace);
    if (!feed) {
      feed = new Feed(this.#api, jobsIn(namespace), `${managedBy}=${this.#service}`, Job);
      feed.start();
      this.#feeds.set(namespace, feed);
    }
    return feed;
  }

  /** Makes sure that the Job exists. One that was made by a request whose answer was lost, or before a restart, is ours. */
  async #make(
    manifest: Manifest,
    namespace: string,
    resumed: boolean,
    signal: AbortSignal,
  ): Promise<ClusterAnswer> {
    let unknown = resumed;
    let lookedAgain = false;
    const attempt = async (): Promise<ClusterAnswer> => {
      // Not by p-retry's own signal: a request under way must end before anybody can tell what is left of it.
      if (signal.aborted) throw new AbortError(signal.reason as Error);
      const existing = unknown ? await this.#existing(manifest, namespace, signal) : undefined;
      const answer = existing ?? (await this.#api.request('POST', jobsIn(namespace), manifest));
      if (answer.statusCode < 300) return answer;
      const refused = new JobRefused(answer);
      // The one that was lost may have arrived after we looked: look again, once.
      const late = unknown && answer.statusCode === 409 && !lookedAgain;
      lookedAgain ||= late;
      throw isTransient(answer.statusCode) || late ? refused : new AbortError(refused);
    };
    try {
      return await pRetry(attempt, {
        retries: Infinity,
        maxRetryTime: patience,
        minTimeout: 200,
        maxTimeout: 5000,
        randomize: true,
        shouldRetry: ({ error }) => error instanceof NoAnswer || error instanceof JobRefused,
        onFailedAttempt: ({ error }) => {
          if (!(error instanceof JobRefused) || error.answer.statusCode !== 429) unknown = true;
        },
      });
    } catch (error) {
      if (signal.aborted && unknown) await this.#removeUnseen(manifest, namespace);
      throw error;
    }
  }

  /**
   * The Job of that name, if it is ours. One that is being deleted (the service was stopped) is waited for, until it
   * is gone and can be made anew.
   */
  async #existing(
    manifest: Manifest,
    namespace: string,
    signal: AbortSignal,
  ): Promise<ClusterAnswer | undefined> {
    const answer = await this.#api.request('GET', `${jobsIn(namespace)}/${manifest.metadata.name}`);
    if (answer.statusCode === 404) return undefined;
    if (answer.statusCode !== 200) return answer;
    const job = Job.parse(answer.body);
    // Somebody else's: creating it is refused as it should be.
    if (!isOurs(job, manifest)) return undefined;
    if (job.metadata.deletionTimestamp === undefined) return answer;
    await this.#untilGone(job, namespace, signal);
    return undefined;
  }

  /** Waits for the end of a Job; on abort deletes it. */
  async #follow(job: Job, namespace: string, signal: AbortSignal): Promise<JobOutcome> {
    try {
      const look = (state: Job | undefined): JobOutcome | 'gone' | undefined =>
        state ? outcomeOf(state) : 'gone';
      const outcome = await this.#feed(namespace).until(job, look, signal);
      if (outcome === 'gone') throw new JobRefused(notFound(job.metadata.name));
      if (outcome.succeeded) return outcome;
      const ending = await this.#lastWords(job, namespace);
      return ending === undefined
        ? outcome
        : { ...outcome, message: `${outcome.message ?? 'The Job has failed'}: ${ending}` };
    } catch (error) {
      if (signal.aborted) await this.#remove(job, namespace);
      throw error;
    }
  }

  /** What the container of a failed Job said; its condition says only that it failed. */
  async #lastWords(job: Job, namespace: string): Promise<string | undefined> {
    try {
      const labelSelector = `${jobName}=${job.metadata.name}`;
      const query = new URLSearchParams({ labelSelector, limit: '10' }).toString();
      const { body } = await this.#api.request('GET', `/api/v1/namespaces/${namespace}/pods?${query}`);
      return Pods.parse(body)
        .items.map(endingOf)
        .findLast((ending) => ending !== undefined);
    } catch {
      // The outcome is known without it.
      return undefined;
    }
  }

  /** Deletes a Job and waits until its pods are gone too. Whatever is left over, settle-job deletes. */
  async #remove(job: Job, namespace: string): Promise<void> {
    const { name, uid } = job.metadata;
    try {
      await pRetry(
        async () => {
          const answer = await this.#api.request('DELETE', `${jobsIn(namespace)}/${name}`, {
            apiVersion: 'v1',
            kind: 'DeleteOptions',
            // The Job stays until its pods are gone, so that its end is theirs.
            propagationPolicy: 'Foreground',
            preconditions: { uid },
          });
          const { statusCode } = answer;
          // 409: by now the name is another Job's.
          if (statusCode < 300 || statusCode === 404 || statusCode === 409) return;
          throw isTransient(statusCode) ? new JobRefused(answer) : new AbortError(new JobRefused(answer));
        },
        { retries: 5, minTimeout: 200, maxTimeout: 2000, randomize: true },
      );
      await this.#untilGone(job, namespace);
    } catch (error) {
      console.error(`eks-jobs: the Job ${namespace}/${name} may be left behind: ${reasonOf(error)}`);
    }
  }

  /** For a Job whose creation was never answered. */
  async #removeUnseen(manifest: Manifest, namespace: string): Promise<void> {
    try {
      const { statusCode, body } = await this.#api.request(
        'GET',
        `${jobsIn(namespace)}/${manifest.metadata.name}`,
      );
      if (statusCode === 404) return;
      if (statusCode !== 200) throw new Error(messageOf(body));
      const job = Job.parse(body);
      if (isOurs(job, manifest)) await this.#remove(job, namespace);
    } catch (error) {
      console.error(
        `eks-jobs: the Job ${namespace}/${manifest.metadata.name} may be left behind: ${reasonOf(error)}`,
      );
    }
  }

  async #untilGone(job: Job, namespace: string, signal?: AbortSignal): Promise<void> {
    const grace = job.spec.template.spec.terminationGracePeriodSeconds * 1000;
    const patience = AbortSignal.timeout(grace + leaving);
    await this.#feed(namespace).until(
      job,
      (state) => (state ? undefined : true),
      signal ? AbortSignal.any([signal, patience]) : patience,
    );
  }
}

const jobsIn = (namespace: string): string => `/apis/batch/v1/namespaces/${namespace}/jobs`;

/** What the API server would say of it now. */
const notFound = (name: string): ClusterAnswer => ({
  statusCode: 404,
  statusText: 'Not Found',
  body: {
    apiVersion: 'v1',
    kind: 'Status',
    status: 'Failure',
    message: `jobs.batch "${name}" not found`,
    reason: 'NotFound',
    details: { name, group: 'batch', kind: 'jobs' },
    code: 404,
  },
});
