import { type ExecutionStatus, executionFence } from '../../jobs/execution.ts';
import type { ExecutionInput } from '../../jobs/execution-input.ts';
import type { ListedExecution, OpenJob, TerminatingPod, WaitingJobs } from '../../jobs/ports.ts';
import { shardOf } from '../../jobs/protocol.ts';
import { parsePosition } from '../../jobs/sweep-position.ts';
import { sweep, type SweepResult } from '../../jobs/sweep.ts';

interface WorldExecution extends ListedExecution {
  status: ExecutionStatus;
  jobId: string;
  isJob: boolean;
}

interface WorldOptions {
  /** Whether each second page of a list is empty. */
  hasEmptyPages?: boolean;
  /** Executions on a page of a list. */
  pageSize?: number;
  /** Whether Step Functions has forgotten the tokens of the sweep before, at every fourth sweep. */
  forgetsTokens?: boolean;
  /** After so many pages in one sweep every list fails, as when AWS throttles. */
  pagesUntilThrottled?: number;
}

/**
 * Executions and a table in memory, with the real sweep: each call of `sweep` is one sweep, five minutes after the one before
 * it. Settling a job records it and removes it from the open jobs.
 */
export class SweepWorld {
  readonly did: string[] = [];
  readonly described: string[] = [];
  readonly reports: string[] = [];
  /** Executions that no list shows. */
  readonly hidden = new Set<string>();
  unsettleable: (jobId: string) => boolean = () => false;
  waiting: () => Promise<WaitingJobs> = () => Promise.resolve(new Map());
  terminatingPods: () => Promise<TerminatingPod[]> = () => Promise.resolve([]);
  pages = 0;
  readonly #options: WorldOptions;
  readonly #executions = new Map<string, WorldExecution>();
  readonly #open = new Map<string, OpenJob>();
  /** Fences of recorded jobs. */
  readonly #records = new Map<string, string>();
  #position: string | undefined;
  #now: number;
  #sweeps = 0;

  constructor(now: number, options: WorldOptions = {}) {
    this.#now = now;
    this.#options = options;
  }

  /** Adds an execution; its job is named as it is, as for a job that was posted. */
  execution(
    name: string,
    {
      startedAt = this.#now - 60 * 60_000,
      status = 'RUNNING',
      jobId = name,
      isJob = true,
    }: Partial<WorldExecution>,
  ): this {
    const arn = `arn:aws:states:eu-central-1:1:execution:run-job:${name}`;
    this.#executions.set(name, { arn, name, startedAt, status, jobId, isJob });
    return this;
  }

  /** Records a job that is not settled. */
  open(jobId: string, job: Partial<OpenJob>, name = jobId): this {
    const createdAt =
      job.createdAt ??
      new Date(this.#executions.get(name)?.startedAt ?? this.#now - 60 * 60_000).toISOString();
    const arn = `arn:aws:states:eu-central-1:1:execution:run-job:${name}`;
    const execution = executionFence(arn, createdAt);
    this.#open.set(jobId, { jobId, status: 'RUNNING', execution, createdAt, ...job });
    this.#records.set(jobId, execution);
    return this;
  }

  /** Records a job that is settled. */
  record(jobId: string, name: string): this {
    this.open(jobId, {}, name);
    this.#open.delete(jobId);
    return this;
  }

  end(name: string, status: ExecutionStatus): void {
    const execution = this.#executions.get(name);
    if (execution) execution.status = status;
  }

  /** The names of executions that ended whose job is open or not recorded. */
  leftOver(): string[] {
    return [...this.#executions.values()]
      .filter(
        ({ status, jobId }) => status !== 'RUNNING' && (this.#open.has(jobId) || !this.#records.has(jobId)),
      )
      .map(({ name }) => name);
  }

  async sweeps(count: number): Promise<SweepResult> {
    for (let each = 1; each < count; each += 1) await this.sweep();
    return this.sweep();
  }

  async sweep(): Promise<SweepResult> {
    this.pages = 0;
    this.#sweeps += 1;
    const result = await sweep({
      now: () => new Date(this.#now),
      store: {
        openJobs: (shard, { after, until }, limit) =>
          Promise.resolve(
            [...this.#open.values()]
              .filter(({ jobId }) => shardOf(jobId) === shard)
              .filter(({ createdAt }) => createdAt > (after ?? '') && createdAt <= (until ?? ':'))
              .sort((left, right) => left.createdAt.localeCompare(right.createdAt))
              .slice(0, limit),
          ),
        executionsOf: (jobIds) =>
          Promise.resolve(
            new Map(
              jobIds.flatMap((jobId) => {
                const fence = this.#records.get(jobId);
                return fence === undefined ? [] : [[jobId, fence] as const];
              }),
            ),
          ),
        readDecisive: () => Promise.resolve(undefined),
        sweepPosition: () => Promise.resolve(parsePosition(this.#position)),
        write: ([write]) => {
          const json = write && 'put' in write ? write.put['json'] : undefined;
          if (typeof json === 'string') this.#position = json;
          return Promise.resolve(true);
        },
      },
      executions: {
        list: (status, token) => this.#list(status, token),
        describe: (arn) => Promise.resolve(this.#describe(arn)),
        stop: (arn) => {
          this.did.push(`stop ${arn.split(':').at(-1) ?? ''}`);
          return Promise.resolve();
        },
      },
      settle: ({ jobId, execution, status }) => {
        if (this.unsettleable(jobId)) return Promise.reject(new Error('it cannot be settled'));
        this.did.push(`settle ${jobId} ${status}`);
        this.#open.delete(jobId);
        this.#records.set(jobId, execution);
        return Promise.resolve();
      },
      pods: { listTerminating: () => this.terminatingPods(), release: () => Promise.resolve(true) },
      waiting: () => this.waiting(),
      report: (message) => this.reports.push(message),
    });
    this.#now += 5 * 60_000;
    return result;
  }

  #list(status: ExecutionStatus, token?: string): Promise<{ executions: ListedExecution[]; next?: string }> {
    const { pageSize = 1000, forgetsTokens = false, pagesUntilThrottled = Infinity } = this.#options;
    this.pages += 1;
    if (this.pages > pagesUntilThrottled) return Promise.reject(new Error('Rate exceeded'));
    const listed = [...this.#executions.values()]
      .filter((execution) => execution.status === status && !this.hidden.has(execution.name))
      .sort((left, right) => right.startedAt - left.startedAt || left.name.localeCompare(right.name));
    const [sweepOfToken = 0, place = 0] = (token ?? '').split(' ').map(Number);
    const isForgotten = forgetsTokens && this.#sweeps % 4 === 0 && sweepOfToken !== this.#sweeps;
    const first = isForgotten ? 0 : place;
    const isEmpty = (this.#options.hasEmptyPages ?? false) && this.pages % 2 === 0;
    const next = isEmpty ? first : first + pageSize;
    const executions = listed.slice(first, next);
    return Promise.resolve({ executions, ...(next < listed.length && { next: `${this.#sweeps} ${next}` }) });
  }

  #describe(arn: string) {
    const execution = [...this.#executions.values()].find((each) => each.arn === arn);
    if (!execution) return undefined;
    const { name, jobId, status, isJob } = execution;
    this.described.push(name);
    const startedAt = new Date(execution.startedAt).toISOString();
    const input: ExecutionInput = {
      ...{ jobId, owner: 'a', origin: 'api', input: '{}' },
      ...{ maxAttempts: 3, timeoutSeconds: 60, labels: {}, resources: {} },
    };
    return { arn, fence: executionFence(arn, startedAt), status, startedAt, ...(isJob && { input }) };
  }
}
