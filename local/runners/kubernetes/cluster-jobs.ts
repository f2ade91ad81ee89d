import pRetry, { AbortError } from 'p-retry';
import { describeError } from '../../../lib/describe-error.ts';
import {
  type ClusterResponse,
  JobRefused,
  messageOf,
} from '../../aws/step-functions/integrations/job-runner.ts';
import type { ContextApiServer } from './api-server.ts';
import { Feed } from './feed.ts';
import { isOurs, Job, jobName, managedBy, type Manifest } from './job.ts';
import { endingOf, Pods } from './pod.ts';

/** How much longer than their grace period a deleted Job's pods may take to end: milliseconds. */
const deletionMargin = 30_000;

/** Tells whether a retry may succeed. After such a status, except 429, the request may still have been carried out. */
export const isTransient = (status: number): boolean => status === 429 || status >= 500;

/** The Jobs of one service in a cluster: the requests about them, and one feed for each namespace. */
export class ClusterJobs {
  readonly #api: ContextApiServer;
  readonly #service: string;
  readonly #feeds = new Map<string, Feed<Job>>();

  /** @param service the value of the Jobs' label app.kubernetes.io/managed-by. */
  constructor(api: ContextApiServer, service: string) {
    this.#api = api;
    this.#service = service;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#feeds.values()].map((feed) => feed.stop()));
  }

  feed(namespace: string): Feed<Job> {
    let feed = this.#feeds.get(namespace);
    if (!feed) {
      feed = new Feed(this.#api, jobsIn(namespace), `${managedBy}=${this.#service}`, Job);
      feed.start();
      this.#feeds.set(namespace, feed);
    }
    return feed;
  }

  create(manifest: Manifest, namespace: string): Promise<ClusterResponse> {
    return this.#api.request('POST', jobsIn(namespace), manifest);
  }

  /** Reads the Job of a manifest. @returns the API server's response; undefined when the name is free or is another Job's. */
  async find({ metadata }: Manifest, namespace: string): Promise<ClusterResponse | undefined> {
    const response = await this.#api.request('GET', `${jobsIn(namespace)}/${metadata.name}`);
    if (response.statusCode === 404) return undefined;
    return response.statusCode === 200 && !isOurs(Job.parse(response.body), metadata) ? undefined : response;
  }

  /** Deletes a Job and waits until its pods are gone too. settle-job deletes what remains. */
  async remove(job: Job, namespace: string): Promise<void> {
    try {
      await this.#delete(job, namespace);
      await this.untilGone(job, namespace);
    } catch (error) {
      reportNotDeleted(job.metadata.name, namespace, error);
    }
  }

  /** Removes a Job that may have been created by a request without a response. */
  async removeIfCreated(manifest: Manifest, namespace: string): Promise<void> {
    try {
      const existing = await this.find(manifest, namespace);
      if (!existing) return;
      if (existing.statusCode !== 200) throw new Error(messageOf(existing.body));
      await this.remove(Job.parse(existing.body), namespace);
    } catch (error) {
      reportNotDeleted(manifest.metadata.name, namespace, error);
    }
  }

  /** Waits until a Job that is being deleted is gone, at most as long as its pods may take. */
  async untilGone({ metadata, spec }: Job, namespace: string, signal?: AbortSignal): Promise<void> {
    const grace = spec.template.spec.terminationGracePeriodSeconds * 1000;
    const timeout = AbortSignal.timeout(grace + deletionMargin);
    await this.feed(namespace).until(
      metadata,
      (state) => (state ? undefined : true),
      signal ? AbortSignal.any([signal, timeout]) : timeout,
    );
  }

  /** Describes how the container of a failed Job ended: the Job's condition reports only that it failed. */
  async describeEnding(job: Job, namespace: string): Promise<string | undefined> {
    try {
      const labelSelector = `${jobName}=${job.metadata.name}`;
      const query = new URLSearchParams({ labelSelector, limit: '10' }).toString();
      const { body } = await this.#api.request('GET', `/api/v1/namespaces/${namespace}/pods?${query}`);
      return Pods.parse(body)
        .items.map(endingOf)
        .findLast((ending) => ending !== undefined);
    } catch {
      // The outcome is known without the description.
      return undefined;
    }
  }

  #delete({ metadata }: Job, namespace: string): Promise<void> {
    const options = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      // Foreground: the Job exists until its pods are gone.
      propagationPolicy: 'Foreground',
      preconditions: { uid: metadata.uid },
    };
    return pRetry(
      async () => {
        const response = await this.#api.request('DELETE', `${jobsIn(namespace)}/${metadata.name}`, options);
        const { statusCode } = response;
        // 409: the name is another Job's by now.
        if (statusCode < 300 || statusCode === 404 || statusCode === 409) return;
        throw isTransient(statusCode) ? new JobRefused(response) : new AbortError(new JobRefused(response));
      },
      { retries: 5, minTimeout: 200, maxTimeout: 2000, randomize: true },
    );
  }
}

export const jobsIn = (namespace: string): string => `/apis/batch/v1/namespaces/${namespace}/jobs`;

const reportNotDeleted = (name: string, namespace: string, error: unknown): void => {
  console.error(`eks-jobs: the Job ${namespace}/${name} may still exist: ${describeError(error)}`);
};
