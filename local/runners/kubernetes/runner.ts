import pRetry from 'p-retry';
import { ClusterFailure, NoCredentials } from '../../../k8s/failure.ts';
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

/** How long the Job of a resumed task is looked up while the API server is away: milliseconds. */
const lookupTimeout = 300_000;

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

  /** Creates the Job, once: the state machine repeats it. After a restart of the service, uses the Job that exists. */
  async #ensureJob(
    manifest: Manifest,
    namespace: string,
    resumed: boolean,
    signal: AbortSignal,
  ): Promise<ClusterResponse> {
    signal.throwIfAborted();
    const existing = resumed ? await this.#resumedJob(manifest, namespace, signal) : undefined;
    const response = existing ?? (await this.#create(manifest, namespace, signal));
    if (response.statusCode >= 300) throw new JobRefused(response);
    return response;
  }

  /** Sends the request to create the Job. Without a response it is unknown whether the Job exists. */
  async #create(manifest: Manifest, namespace: string, signal: AbortSignal): Promise<ClusterResponse> {
    try {
      return await this.#jobs.create(manifest, namespace);
    } catch (error) {
      if (signal.aborted) {
        await this.#jobs.removeIfCreated(manifest, namespace);
        throw signal.reason;
      }
      if (error instanceof ClusterFailure) return withoutResponse(error);
      throw error;
    }
  }

  /**
   * Reads the Job of a task that began before the service was restarted. Repeats this while the API server is away; in the end
   * the submission counts as failed, and the fence keeps a second container from doing the work twice.
   */
  async #resumedJob(
    manifest: Manifest,
    namespace: string,
    signal: AbortSignal,
  ): Promise<ClusterResponse | undefined> {
    const read = async (): Promise<ClusterResponse | undefined> => {
      const existing = await this.#existing(manifest, namespace, signal);
      if (existing && isTransient(existing.statusCode)) throw new JobRefused(existing);
      return existing;
    };
    try {
      return await pRetry(read, {
        retries: Infinity,
        maxRetryTime: lookupTimeout,
        minTimeout: 200,
        maxTimeout: 5000,
        randomize: true,
        signal,
        shouldRetry: ({ error }) => error instanceof ClusterFailure || error instanceof JobRefused,
      });
    } catch (error) {
      if (error instanceof ClusterFailure && !signal.aborted) return withoutResponse(error);
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

/**
 * Makes a response for a request that got none. AWS's error for this is not documented. EKS.503 makes the state machine
 * repeat the submission, so that a cluster that restarts uses up no attempt. It is EKS.401 without credentials.
 */
const withoutResponse = (failure: ClusterFailure): ClusterResponse =>
  failure instanceof NoCredentials
    ? { statusCode: 401, statusText: 'Unauthorized', body: failure.message }
    : { statusCode: 503, statusText: 'Service Unavailable', body: failure.message };

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
