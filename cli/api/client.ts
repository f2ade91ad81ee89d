import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { AcceptedJob, CancelledJob, JobHistory, JobList, JobLogs, JobView } from '../../api/responses/job.ts';
import { DeletedSchedule, ScheduleList, ScheduleView } from '../../api/responses/schedule.ts';
import { Stats } from '../../api/responses/service.ts';
import { NotTheApi } from '../failure.ts';
import { exchange, type ApiRequest, type Connection } from './exchange.ts';
import { type Patience, withRetries } from './retries.ts';

/** What a route answered: read, and as it came. */
export interface Answer<Body> {
  body: Body;
  text: string;
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
  submit(body: object, key?: string): Promise<Answer<AcceptedJob>> {
    return this.#post(['jobs'], AcceptedJob, body, key);
  }

  /** @param wait answers when the job ends, or after so many seconds, 25 at most. */
  job(jobId: string, wait = 0): Promise<Answer<JobView>> {
    return this.#get(['jobs', jobId], JobView, wait === 0 ? [] : [['wait', String(wait)]]);
  }

  list(query: Query): Promise<Answer<JobList>> {
    return this.#get(['jobs'], JobList, query);
  }

  /** Cancelling a job again is no different from once. */
  cancel(jobId: string): Promise<Answer<CancelledJob>> {
    return this.#repeat({ method: 'DELETE', path: ['jobs', jobId] }, CancelledJob);
  }

  retry(jobId: string, key?: string): Promise<Answer<AcceptedJob>> {
    return this.#post(['jobs', jobId, 'retry'], AcceptedJob, undefined, key);
  }

  history(jobId: string): Promise<Answer<JobHistory>> {
    return this.#get(['jobs', jobId, 'history'], JobHistory);
  }

  logs(jobId: string): Promise<Answer<JobLogs>> {
    return this.#get(['jobs', jobId, 'logs'], JobLogs);
  }

  stats(): Promise<Answer<Stats>> {
    return this.#get(['jobs', 'stats'], Stats);
  }

  createSchedule(body: object, key?: string): Promise<Answer<ScheduleView>> {
    return this.#post(['jobs', 'schedule'], ScheduleView, body, key);
  }

  schedules(query: Query): Promise<Answer<ScheduleList>> {
    return this.#get(['jobs', 'schedules'], ScheduleList, query);
  }

  schedule(scheduleId: string): Promise<Answer<ScheduleView>> {
    return this.#get(['jobs', 'schedules', scheduleId], ScheduleView);
  }

  /** Made once: after a lost answer the change may have happened or not. */
  changeSchedule(scheduleId: string, change: object): Promise<Answer<ScheduleView>> {
    const body = JSON.stringify(change);
    return this.#once({ method: 'PATCH', path: ['jobs', 'schedules', scheduleId], body }, ScheduleView);
  }

  /** Made once, as a change is. */
  deleteSchedule(scheduleId: string): Promise<Answer<DeletedSchedule>> {
    return this.#once({ method: 'DELETE', path: ['jobs', 'schedules', scheduleId] }, DeletedSchedule);
  }

  runSchedule(scheduleId: string, key?: string): Promise<Answer<AcceptedJob>> {
    return this.#post(['jobs', 'schedules', scheduleId, 'run'], AcceptedJob, undefined, key);
  }

  #get<Body>(path: string[], shape: z.ZodType<Body>, query: Query = []): Promise<Answer<Body>> {
    return this.#repeat({ method: 'GET', path, query }, shape);
  }

  /** With a key always, so that a repeated request makes nothing twice. */
  #post<Body>(
    path: string[],
    shape: z.ZodType<Body>,
    body?: object,
    idempotencyKey: string = randomUUID(),
  ): Promise<Answer<Body>> {
    return this.#repeat(
      {
        ...{ method: 'POST', path, idempotencyKey },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      },
      shape,
    );
  }

  #repeat<Body>(request: ApiRequest, shape: z.ZodType<Body>): Promise<Answer<Body>> {
    return withRetries(() => this.#once(request, shape), this.#options);
  }

  /** @param shape of the route's answers: what has another comes from somebody else. */
  async #once<Body>(request: ApiRequest, shape: z.ZodType<Body>): Promise<Answer<Body>> {
    const { connection, signal } = this.#options;
    const { body, text } = await exchange(request, connection, signal);
    const read = shape.safeParse(body);
    if (read.success) return { body: read.data, text };
    const fields = read.error.issues.map(({ path }) => path.join('.')).join(', ');
    const asked = `${request.method} /${request.path.join('/')}`;
    throw new NotTheApi(
      `${connection.url.origin} is no eks-jobs API of this version: ${asked} answered another ${fields}`,
    );
  }
}
