import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { AcceptedJob, CancelledJob, JobHistory, JobList, JobLogs, JobView } from '../../api/responses/job.ts';
import { DeletedSchedule, ScheduleList, ScheduleView } from '../../api/responses/schedule.ts';
import { Stats } from '../../api/responses/service.ts';
import { NotTheApi } from '../failure.ts';
import { exchange, type ApiConnection, type ApiRequest, type ApiResponse } from './exchange.ts';
import { type RetryOptions, withRetries } from './retries.ts';

export type { ApiResponse };

export type QueryParameters = readonly (readonly [string, string])[];

export interface ClientOptions extends RetryOptions {
  connection: ApiConnection;
}

/** Sends requests to every route of the API. Each method throws as `exchange` does, after retries where they are safe. */
export class ApiClient {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get connection(): ApiConnection {
    return this.#options.connection;
  }

  /** @param key an Idempotency-Key: a repeated request returns the job of the first. */
  submit(body: object, key?: string): Promise<ApiResponse<AcceptedJob>> {
    return this.#post(['jobs'], AcceptedJob, body, key);
  }

  /** @param wait responds when the job ends, or after this many seconds, 25 at most. */
  job(jobId: string, wait = 0): Promise<ApiResponse<JobView>> {
    return this.#get(['jobs', jobId], JobView, wait === 0 ? [] : [['wait', String(wait)]]);
  }

  list(query: QueryParameters): Promise<ApiResponse<JobList>> {
    return this.#get(['jobs'], JobList, query);
  }

  /** Cancels a job. It is retried, because cancelling twice has the same effect. */
  cancel(jobId: string): Promise<ApiResponse<CancelledJob>> {
    return this.#sendWithRetries({ method: 'DELETE', path: ['jobs', jobId] }, CancelledJob);
  }

  retry(jobId: string, key?: string): Promise<ApiResponse<AcceptedJob>> {
    return this.#post(['jobs', jobId, 'retry'], AcceptedJob, undefined, key);
  }

  history(jobId: string): Promise<ApiResponse<JobHistory>> {
    return this.#get(['jobs', jobId, 'history'], JobHistory);
  }

  logs(jobId: string): Promise<ApiResponse<JobLogs>> {
    return this.#get(['jobs', jobId, 'logs'], JobLogs);
  }

  stats(): Promise<ApiResponse<Stats>> {
    return this.#get(['jobs', 'stats'], Stats);
  }

  createSchedule(body: object, key?: string): Promise<ApiResponse<ScheduleView>> {
    return this.#post(['jobs', 'schedule'], ScheduleView, body, key);
  }

  schedules(query: QueryParameters): Promise<ApiResponse<ScheduleList>> {
    return this.#get(['jobs', 'schedules'], ScheduleList, query);
  }

  schedule(scheduleId: string): Promise<ApiResponse<ScheduleView>> {
    return this.#get(['jobs', 'schedules', scheduleId], ScheduleView);
  }

  /** Sent once: after a lost response the change may have happened or not. */
  changeSchedule(scheduleId: string, change: object): Promise<ApiResponse<ScheduleView>> {
    const body = JSON.stringify(change);
    return this.#send({ method: 'PATCH', path: ['jobs', 'schedules', scheduleId], body }, ScheduleView);
  }

  /** Sent once, like a change. */
  deleteSchedule(scheduleId: string): Promise<ApiResponse<DeletedSchedule>> {
    return this.#send({ method: 'DELETE', path: ['jobs', 'schedules', scheduleId] }, DeletedSchedule);
  }

  runSchedule(scheduleId: string, key?: string): Promise<ApiResponse<AcceptedJob>> {
    return this.#post(['jobs', 'schedules', scheduleId, 'run'], AcceptedJob, undefined, key);
  }

  #get<Body>(
    path: string[],
    shape: z.ZodType<Body>,
    query: QueryParameters = [],
  ): Promise<ApiResponse<Body>> {
    return this.#sendWithRetries({ method: 'GET', path, query }, shape);
  }

  /** Always sends an Idempotency-Key, so that a retry creates nothing twice. */
  #post<Body>(
    path: string[],
    shape: z.ZodType<Body>,
    body?: object,
    idempotencyKey: string = randomUUID(),
  ): Promise<ApiResponse<Body>> {
    return this.#sendWithRetries(
      {
        ...{ method: 'POST', path, idempotencyKey },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      },
      shape,
    );
  }

  #sendWithRetries<Body>(request: ApiRequest, shape: z.ZodType<Body>): Promise<ApiResponse<Body>> {
    return withRetries(() => this.#send(request, shape), this.#options);
  }

  /** @param shape the schema of the route's responses. @throws NotTheApi for a response that does not match it. */
  async #send<Body>(request: ApiRequest, shape: z.ZodType<Body>): Promise<ApiResponse<Body>> {
    const { connection, signal } = this.#options;
    const { body, text, retryAfter } = await exchange(request, connection, signal);
    const parsed = shape.safeParse(body);
    if (parsed.success) return { body: parsed.data, text, retryAfter };
    const fields = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
    throw new NotTheApi(
      `${connection.url.origin} does not look like this version of the eks-jobs API: ` +
        `unexpected value for ${fields} in ${request.method} /${request.path.join('/')}`,
    );
  }
}
