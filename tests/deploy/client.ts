import type { JobView } from '../../api/responses/job.ts';
import { eventually } from '../harness/running-service.ts';

/** Milliseconds for a deploy, the start of a pod, or three tries with the delays between them. */
export const stepTimeout = 300_000;

/** A client of the deployed API. */
export class ApiClient {
  readonly url: string;
  readonly #token: () => string;
  readonly #explain: () => string;

  /** @param explain returns text that is appended to the error of an unexpected response. */
  constructor(url: string, token: () => string, explain: () => string) {
    this.url = url;
    this.#token = token;
    this.#explain = explain;
  }

  /** Sends one request. @param token the bearer token; by default none. @throws Error without a response. */
  async send(
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

  /** Sends one request with the token. @returns the body of the response. @throws Error unless its status is 2xx. */
  async request<Body>(method: string, path: string, body?: object, key?: string): Promise<Body> {
    const response = await this.send(method, path, {
      token: this.#token(),
      ...(body && { body }),
      ...(key !== undefined && { key }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}\n${this.#explain()}`);
    return JSON.parse(text) as Body;
  }

  /** Creates a job. @returns its id. */
  async post(job: object): Promise<string> {
    return (await this.request<{ jobId: string }>('POST', '/jobs', job)).jobId;
  }

  view(jobId: string): Promise<JobView> {
    return this.request<JobView>('GET', `/jobs/${jobId}`);
  }

  /** Waits until a job has ended. @returns the job. */
  ended(jobId: string): Promise<JobView> {
    return eventually(
      async () => {
        const job = await this.view(jobId);
        return ['SUCCEEDED', 'FAILED', 'CANCELLED', 'TIMED_OUT'].includes(job.status) ? job : undefined;
      },
      `the end of job ${jobId}`,
      stepTimeout,
    );
  }

  /** Waits until a job's container reports progress. @returns the job. */
  running(jobId: string): Promise<JobView> {
    return eventually(
      async () => {
        const job = await this.view(jobId);
        return job.status === 'RUNNING' && (job.progress?.done ?? 0) > 0 ? job : undefined;
      },
      `the progress of job ${jobId}`,
      stepTimeout,
    );
  }
}
