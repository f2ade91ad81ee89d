import pRetry, { AbortError } from 'p-retry';
import { ClusterFailure } from '../../../k8s/failure.ts';
import {
  type ClusterAnswer,
  type JobOutcome,
  JobRefused,
  type JobRunner,
  type JobRunOptions,
  type KubernetesJob,
  type StartedJob,
} from '../../aws/step-functions/integrations/job-runner.ts';
import type { ApiServer } from './api-server.ts';
import { ClusterJobs, isTransient } from './cluster-jobs.ts';
import { Job, managedBy, Manifest, outcomeOf, withEnvironment } from './job.ts';

/** How long an API server that restarts is waited for before a Job counts as refused: milliseconds. */
const patience = 300_000;

/** Runs Jobs in a Kubernetes cluster: created as they are given, followed by one watch for all of them. */
export class KubernetesRunner implements JobRunner {
  readonly #service: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #jobs: ClusterJobs;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  /**
   * @param service whose Jobs these are: the value of their label app.kubernetes.io/managed-by.
   * @param environment what this cluster must give a container besides its manifest.
   */
  constructor(api: ApiServer, service: string, environment: Readonly<Record<string, string>>) {
    this.#service = service;
    this.#environment = environment;
    this.#jobs = new ClusterJobs(api, service);
  }

  start(job: KubernetesJob, options: JobRunOptions): Promise<StartedJob> {
    return this.#tracked(this.#start(job, options));
  }

  waitingTurn(): readonly string[] {
    return [];
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the service stops'));
    if (this.#running.size > 0) {
      console.error(`eks-jobs: interrupting ${this.#running.size} jobs in the cluster`);
    }
    // One that is just being created is followed for a moment, to be deleted.
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    await this.#jobs.stop();
  }

  #tracked<Value>(work: Promise<Value>): Promise<Value> {
    this.#running.add(work);
    return work.finally(() => this.#running.delete(work));
  }

  async #start(job: KubernetesJob, options: JobRunOptions): Promise<StartedJob> {
    const manifest = withEnvironment(Manifest.parse(job), this.#environment);
    if (manifest.metadata.labels[managedBy] !== this.#service) {
      throw new Error(`a Job without the label ${managedBy}: ${this.#service} would never be seen again`);
    }
    const { namespace, resumed } = options;
    const signal = AbortSignal.any([options.signal, this.#stopping.signal]);
    const answer = await this.#make(manifest, namespace, resumed, signal);
    const ended = this.#tracked(this.#follow(Job.parse(answer.body), namespace, signal));
    return { answer, ended };
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
      const answer = existing ?? (await this.#jobs.create(manifest, namespace));
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
        shouldRetry: ({ error }) => error instanceof ClusterFailure || error instanceof JobRefused,
        onFailedAttempt: ({ error }) => {
          if (!(error instanceof JobRefused) || error.answer.statusCode !== 429) unknown = true;
        },
      });
    } catch (error) {
      if (signal.aborted && unknown) await this.#jobs.removeUnseen(manifest, namespace);
      throw error;
    }
  }

  /** Our Job of that name. One that is being deleted (the service was stopped) is waited for, until it can be made anew. */
  async #existing(
    manifest: Manifest,
    namespace: string,
    signal: AbortSignal,
  ): Promise<ClusterAnswer | undefined> {
    const found = await this.#jobs.find(manifest, namespace);
    if (found?.statusCode !== 200) return found;
    const job = Job.parse(found.body);
    if (job.metadata.deletionTimestamp === undefined) return found;
    await this.#jobs.untilGone(job, namespace, signal);
    return undefined;
  }

  /** Waits for the end of a Job; on abort deletes it. */
  async #follow(job: Job, namespace: string, signal: AbortSignal): Promise<JobOutcome> {
    const look = (state: Job | undefined): JobOutcome | 'gone' | undefined =>
      state ? outcomeOf(state) : 'gone';
    try {
      const known = outcomeOf(job);
      const outcome = known ?? (await this.#jobs.feed(namespace).until(job.metadata, look, signal));
      if (outcome === 'gone') throw new JobRefused(notFound(job.metadata.name));
      if (outcome.succeeded) return outcome;
      const ending = await this.#jobs.lastWords(job, namespace);
      return ending === undefined
        ? outcome
        : { ...outcome, message: `${outcome.message ?? 'The Job has failed'}: ${ending}` };
    } catch (error) {
      if (signal.aborted) await this.#jobs.remove(job, namespace);
      throw error;
    }
  }
}

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
