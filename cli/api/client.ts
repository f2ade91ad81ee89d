import { randomUUID } from 'node:crypto';
import type { HistoryEntry } from '../../jobs/history.ts';
import type { JobList } from '../../jobs/list.ts';
import type { JobLogs } from '../../jobs/logs.ts';
import type { JobStatus } from '../../jobs/protocol.ts';
import type { ScheduleView } from '../../jobs/schedules/view.ts';
import type { Stats } from '../../jobs/stats.ts';
import type { JobView } from '../../jobs/view.ts';
import { NotTheApi } from '../failure.ts';
import { exchange, type ApiRequest, type Connection } from './exchange.ts';
import { type Patience, withRetries } from './retries.ts';

/** What a route answered: read, and as it came. */
export interface Answer<Body> {
  body: Body;
  text: string;
  headers: Headers;
}

/** The answer to a request for a job. */
export interface Accepted {
  jobId: string;
  status?: JobStatus;
  retryOf?: string;
}

export interface JobHistory {
  jobId: string;
  events: HistoryEntry[];
  /** There are more events than the API reads. */
  truncated: boolean;
}

export interface ScheduleList {
  schedules: ScheduleView[];
  nextToken?: string;
}

export type Query = readonly (readonly [string, string])[];

export interface ClientOptions extends Patience {
  connection: Connection;
}

/** Every route of the API. Each throws as `exchange` does, after tries where a repeated request does no harm. */
export class ApiClient {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get connection(): Connection {
    return this.#options.connection;
  }

  /** @param key an Idempotency-Key: a repeated request finds the job of the first. */
  submit(body: object, key?: string): Promise<Answer<Accepted>> {
    return this.#post(['jobs'], 'jobId', body, key);
  }

  /** @param wait answers when the job ends, or after so many seconds, 25 at most. */
  job(jobId: string, wait = 0): Promise<Answer<JobView>> {
    return this.#get(['jobs', jobId], 'attempts', wait === 0 ? [] : [['wait', String(wait)]]);
  }

  list(query: Query): Promise<Answer<JobList>> {
    return this.#get(['jobs'], 'jobs', query);
  }

  /** Cancelling a job again is no different from once. */
  cancel(jobId: string): Promise<Answer<Accepted>> {
    return this.#repeat({ method: 'DELETE', path: ['jobs', jobId] }, 'jobId');
  }

  retry(jobId: string, key?: string): Promise<Answer<Accepted>> {
    return this.#post(['jobs', jobId, 'retry'], 'jobId', undefined, key);
  }

  history(jobId: string): Promise<Answer<JobHistory>> {
    return this.#get(['jobs', jobId, 'history'], 'events');
  }

  logs(jobId: string): Promise<Answer<JobLogs>> {
    return this.#get(['jobs', jobId, 'logs'], 'attempts');
  }

  stats(): Promise<Answer<Stats>> {
    return this.#get(['jobs', 'stats'], 'succeedJob');
  }

  createSchedule(body: object, key?: string): Promise<Answer<ScheduleView>> {
    return this.#post(['jobs', 'schedule'], 'scheduleId', body, key);
  }

  schedules(query: Query): Promise<Answer<ScheduleList>> {
    return this.#get(['jobs', 'schedules'], 'schedules', query);
  }

  schedule(scheduleId: string): Promise<Answer<ScheduleView & { input: unknown }>> {
    return this.#get(['jobs', 'schedules', scheduleId], 'scheduleId');
  }

  /** Made once: after a lost answer the change may have happened or not. */
  changeSchedule(scheduleId: string, change: object): Promise<Answer<ScheduleView>> {
    const body = JSON.stringify(change);
    return this.#once({ method: 'PATCH', path: ['jobs', 'schedules', scheduleId], body }, 'scheduleId');
  }

  /** Made once, as a change is. */
  deleteSchedule(scheduleId: string): Promise<Answer<{ scheduleId: string; state: string }>> {
    return this.#once({ method: 'DELETE', path: ['jobs', 'schedules', scheduleId] }, 'scheduleId');
  }

  runSchedule(scheduleId: string, key?: string): Promise<Answer<Accepted>> {
    return this.#post(['jobs', 'schedules', scheduleId, 'run'], 'jobId', undefined, key);
  }

  #get<Body>(path: string[], field: keyof Body & string, query: Query = []): Promise<Answer<Body>> {
    return this.#repeat({ method: 'GET', path, query }, field);
  }

  /** With a key always, so that a repeated request makes nothing twice. */
  #post<Body>(
    path: string[],
    field: keyof Body & string,
    body?: object,
    idempotencyKey: string = randomUUID(),
  ): Promise<Answer<Body>> {
    return this.#repeat(
      {
        ...{ method: 'POST', path, idempotencyKey },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      },
      field,
    );
  }

  #repeat<Body>(request: ApiRequest, field: keyof Body & string): Promise<Answer<Body>> {
    return withRetries(() => this.#once<Body>(request, field), this.#options);
  }

  /** @param field one that every answer of the route has: what has not comes from somebody else. */
  async #once<Body>(request: ApiRequest, field: keyof Body & string): Promise<Answer<Body>> {
    const { connection, signal } = this.#options;
    const { body, text, headers } = await exchange(request, connection, signal);
    if (!(field in body)) {
      throw new NotTheApi(`${connection.url.origin} is no eks-jobs API: its answer has no ${field}`);
    }
    return { body: body as Body, text, headers };
  }
}
