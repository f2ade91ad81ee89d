import pRetry, { AbortError } from 'p-retry';
import { ClusterFailure } from '../../../k8s/failure.ts';
import {
  type ClusterResponse,
  type JobOutcome,
  JobRefused,
  type JobRunner,
  type JobRunOptions,
  type KubernetesJob,
  type RunningJob,
} from '../../aws/step-functions/integrations/job-runner.ts';
import type { ContextApiServer } from './api-server.ts';
import { ClusterJobs, isTransient } from './cluster-jobs.ts';
import { Job, managedBy, Manifest, outcomeOf, withEnvironment } from './job.ts';

/** How long the creation of a Job is retried while the API server is away: milliseconds. */
const creationTimeout = 300_000;

/** Runs Jobs in a Kubernetes cluster: creates each Job from its manifest, and follows all of them with one watch. */
export class KubernetesRunner implements JobRunner {
  readonly #service: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #jobs: ClusterJobs;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  /**
   * @param service the value of the Jobs' label app.kubernetes.io/managed-by.
   * @param environment what a container gets in addition to its manifest.
   */
  constructor(api: ContextApiServer, service: string, environment: Readonly<Record<string, string>>) {
    this.#service = service;
    this.#environment = environment;
    this.#jobs = new ClusterJobs(api, service);
  }

  start(job: KubernetesJob, options: JobRunOptions): Promise<RunningJob> {
    return this.#track(this.#start(job, options));
  }

  waitingTurn(): readonly string[] {
    return [];
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the service is stopping'));
    if (this.#running.size > 0) {
      console.error(`eks-jobs: interrupting the ${this.#running.size} jobs in the cluster`);
    }
    // Repeated: a Job that is being created now is added to the set, and is then deleted.
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    await this.#jobs.stop();
  }

  #track<Value>(work: Promise<Value>): Promise<Value> {
    this.#running.add(work);
    return work.finally(() => this.#running.delete(work));
  }

  async #start(job: KubernetesJob, options: JobRunOptions): Promise<RunningJob> {
    const manifest = withEnvironment(Manifest.parse(job), this.#environment);
    if (manifest.metadata.labels[managedBy] !== this.#service) {
      throw new Error(`a Job without the label ${managedBy}: ${this.#service} could not be found again`);
    }
    const { namespace, resumed } = options;
    const signal = AbortSignal.any([options.signal, this.#stopping.signal]);
    const response = await this.#ensureJob(manifest, namespace, resumed, signal);
    const ended = this.#track(this.#follow(Job.parse(response.body), namespace, signal));
    return { response, ended };
  }

  /** Makes sure that the Job exists. A Job created by a request whose response was lost, or before a restart, is used. */
  async #ensureJob(
    manifest: Manifest,
    namespace: string,
    resumed: boolean,
    signal: AbortSignal,
  ): Promise<ClusterResponse> {
    // Whether a Job of an earlier request may exist.
    let mayExist = resumed;
    let checkedTwice = false;
    const create = async (): Promise<ClusterResponse> => {
      // p-retry's own signal would not do: a request under way must end before its effect is known.
      if (signal.aborted) throw new AbortError(signal.reason as Error);
      const existing = mayExist ? await this.#existing(manifest, namespace, signal) : undefined;
      const response = existing ?? (await this.#jobs.create(manifest, namespace));
      if (response.statusCode < 300) return response;
      const refused = new JobRefused(response);
      // The lost request may have arrived after the check: check once more.
      const arrivedLate = mayExist && response.statusCode === 409 && !checkedTwice;
      checkedTwice ||= arrivedLate;
      throw isTransient(response.statusCode) || arrivedLate ? refused : new AbortError(refused);
    };
    try {
      return await pRetry(create, {
        retries: Infinity,
        maxRetryTime: creationTimeout,
        minTimeout: 200,
        maxTimeout: 5000,
        randomize: true,
        shouldRetry: ({ error }) => error instanceof ClusterFailure || error instanceof JobRefused,
        onFailedAttempt: ({ error }) => {
          if (!(error instanceof JobRefused) || error.response.statusCode !== 429) mayExist = true;
        },
      });
    } catch (error) {
      if (signal.aborted && mayExist) await this.#jobs.removeIfCreated(manifest, namespace);
      throw error;
    }
  }

  /** Reads our Job of that name. If it is being deleted (the service was stopped), waits until it can be created again. */
  async #existing(
    manifest: Manifest,
    namespace: string,
    signal: AbortSignal,
  ): Promise<ClusterResponse | undefined> {
    const existing = await this.#jobs.find(manifest, namespace);
    if (existing?.statusCode !== 200) return existing;
    const job = Job.parse(existing.body);
    if (job.metadata.deletionTimestamp === undefined) return existing;
    await this.#jobs.untilGone(job, namespace, signal);
    return undefined;
  }

  /** Waits for the end of a Job; deletes it on abort. */
  async #follow(job: Job, namespace: string, signal: AbortSignal): Promise<JobOutcome> {
    const look = (state: Job | undefined): JobOutcome | 'gone' | undefined =>
      state ? outcomeOf(state) : 'gone';
    try {
      const outcome = outcomeOf(job) ?? (await this.#jobs.feed(namespace).until(job.metadata, look, signal));
      if (outcome === 'gone') throw new JobRefused(notFound(job.metadata.name));
      if (outcome.succeeded) return outcome;
      const ending = await this.#jobs.describeEnding(job, namespace);
      return ending === undefined
        ? outcome
        : { ...outcome, message: `${outcome.message ?? 'The Job has failed'}: ${ending}` };
    } catch (error) {
      if (signal.aborted) await this.#jobs.remove(job, namespace);
      throw error;
    }
  }
}

/** The API server's response for a Job that does not exist. */
const notFound = (name: string): ClusterResponse => ({
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
