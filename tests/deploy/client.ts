import type { JobView } from '../../api/responses/job.ts';
import { eventually } from '../harness/running-service.ts';

/** How long a deploy, a pod's start or three tries with their pauses may take, in milliseconds. */
export const patience = 300_000;

/** A caller of the deployed API. */
export class Client {
  readonly url: string;
  readonly #token: () => string;
  readonly #explain: () => string;

  /** @param explain what is added to a refusal that a test did not expect. */
  constructor(url: string, token: () => string, explain: () => string) {
    this.url = url;
    this.#token = token;
    this.#explain = explain;
  }

  /** One request; no answer is a failure. @param token none: without authorization. */
  async call(
    method: string,
    path: string,
    { token, body, key }: { token?: string; body?: object; key?: string } = {},
  ): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  /** @returns the body of the answer. @throws where it is a refusal. */
  async ask<Body>(method: string, path: string, body?: object, key?: string): Promise<Body> {
    const response = await this.call(method, path, {
      token: this.#token(),
      ...(body && { body }),
      ...(key !== undefined && { key }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}\n${this.#explain()}`);
    return JSON.parse(text) as Body;
  }

  /** @returns the id of the job. */
  async post(job: object): Promise<string> {
    return (await this.ask<{ jobId: string }>('POST', '/jobs', job)).jobId;
  }

  view(jobId: string): Promise<JobView> {
    return this.ask<JobView>('GET', `/jobs/${jobId}`);
  }

  /** A job that has ended. */
  ended(jobId: string): Promise<JobView> {
    return eventually(
      async () => {
        const job = await this.view(jobId);
        return ['SUCCEEDED', 'FAILED', 'CANCELLED', 'TIMED_OUT'].includes(job.status) ? job : undefined;
      },
      `the end of job ${jobId}`,
      patience,
    );
  }

  /** A job whose container is at work. */
  running(jobId: string): Promise<JobView> {
    return eventually(
      async () => {
        const job = await this.view(jobId);
        return job.status === 'RUNNING' && (job.progress?.done ?? 0) > 0 ? job : undefined;
      },
      `job ${jobId} at work`,
      patience,
    );
  }
}
