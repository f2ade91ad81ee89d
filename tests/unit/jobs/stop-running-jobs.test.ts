import { describe, expect, test } from '@jest/globals';
import { TooManyRequests } from '../../../jobs/errors.ts';
import type { ExecutionStatus } from '../../../jobs/execution.ts';
import { ExecutionInput } from '../../../jobs/execution-input.ts';
import { newJobId } from '../../../jobs/ids.ts';
import { shardOf } from '../../../jobs/protocol.ts';
import { JobItem, recordOf } from '../../../jobs/record.ts';
import { settle } from '../../../jobs/settle.ts';
import { stopRunningJobs } from '../../../jobs/stop-running-jobs.ts';
import { goldenAbout } from '../../harness/golden.ts';

const now = new Date('2026-11-23T10:01:00.000Z');
const startedAt = '2026-11-23T10:00:00.000Z';
const arnOfJob = (jobId: string): string =>
  `arn:aws:states:eu-central-1:123456789012:execution:run-job:${jobId}`;

/** A state machine and a table that is kept when the stack is removed. */
class Stage {
  /** The statuses of the executions, by the job's id. */
  readonly executions = new Map<string, ExecutionStatus>();
  /** The items of the table, by the job's id and the sort key. */
  readonly table = new Map<string, Map<string, Record<string, unknown>>>();
  readonly notes: string[] = [];
  stops = 0;
  /** Called before each listing. */
  beforeListing: (listing: number) => void = () => undefined;
  /** Called before each stop; may throw. */
  beforeStop: (jobId: string) => void = () => undefined;
  /** What DescribeExecution shows of a stopped execution. */
  shown: ExecutionStatus = 'ABORTED';
  tableIsDown = false;
  #listings = 0;

  /** Adds a job whose container runs. @returns its id. */
  addRunning(jobId = newJobId()): string {
    this.executions.set(jobId, 'RUNNING');
    const { record } = goldenAbout('settle-aborted', jobId);
    const items = record.map((item) => ({ ...item, open: `OPEN#${shardOf(jobId)}` }));
    this.table.set(jobId, new Map(items.map((item: Record<string, unknown>) => [String(item['sk']), item])));
    return jobId;
  }

  /** Adds a job that was accepted and is not in the table yet. @returns its id. */
  addUnregistered(jobId = newJobId()): string {
    this.executions.set(jobId, 'RUNNING');
    return jobId;
  }

  async stopAll(signal = new AbortController().signal): Promise<void> {
    const store = {
      openJobs: (shard: string) =>
        Promise.resolve(
          [...this.table.values()]
            .map((items) => JobItem.parse(items.get('JOB')))
            .filter(({ jobId, open }) => open !== undefined && shardOf(jobId) === shard),
        ),
      readDecisive: (jobId: string) =>
        this.tableIsDown
          ? Promise.reject(new Error('the table does not respond'))
          : Promise.resolve(recordOf([...(this.table.get(jobId)?.values() ?? [])], now.getTime())),
      write: this.#write,
    };
    const executions = {
      running: () => {
        this.#listings += 1;
        this.beforeListing(this.#listings);
        const running = [...this.executions].filter(([, status]) => status === 'RUNNING');
        return Promise.resolve(running.map(([jobId]) => arnOfJob(jobId)));
      },
      stop: (arn: string) => {
        const jobId = arn.split(':').at(-1) ?? '';
        this.stops += 1;
        this.beforeStop(jobId);
        this.executions.set(jobId, 'ABORTED');
        return Promise.resolve();
      },
      describe: (arn: string) => {
        const { arguments: given } = goldenAbout('settle-unregistered', arn.split(':').at(-1) ?? '');
        const input = ExecutionInput.parse(given['input']);
        return Promise.resolve({ arn, fence: `${arn}@${startedAt}`, status: this.shown, startedAt, input });
      },
      tries: () => Promise.resolve({ tries: [{}] }),
    };
    const cluster = { deleteJobs: () => Promise.resolve() };
    await stopRunningJobs({
      store,
      executions,
      settle: (request) => settle(request, { store, executions, cluster, now: () => now }),
      signal,
      note: (step) => this.notes.push(step),
      pause: () => Promise.resolve(),
      repetitions: { retries: 0 },
    });
  }

  readonly #write: Parameters<typeof settle>[1]['store']['write'] = (writes) => {
    for (const write of writes) {
      if ('delete' in write) continue;
      const { pk, sk } = 'put' in write ? write.put : write.update;
      if (!pk.startsWith('JOB#')) continue;
      const items = this.table.get(pk.slice(4)) ?? new Map<string, Record<string, unknown>>();
      const item = 'put' in write ? write.put : { ...items.get(sk), pk, sk, ...write.set };
      const removed = 'update' in write ? (write.remove ?? []) : [];
      items.set(sk, Object.fromEntries(Object.entries(item).filter(([name]) => !removed.includes(name))));
      this.table.set(pk.slice(4), items);
    }
    return Promise.resolve(true);
  };

  /** Reads the status of a job and of its attempts, and whether the job is still open. */
  recorded(jobId: string): object {
    const items = [...(this.table.get(jobId)?.values() ?? [])];
    const { job, attempts = [] } = recordOf(items, now.getTime()) ?? {};
    return {
      status: job?.status,
      attempts: attempts.map(({ status }) => status),
      open: job?.open !== undefined,
    };
  }
}

const cancelled = { status: 'CANCELLED', attempts: ['CANCELLED'], open: false };

describe('when the stack is removed', () => {
  // With stage prod the table is kept, and nothing would ever close these jobs.
  test('every job that runs is stopped, and recorded as CANCELLED in the table', async () => {
    const stage = new Stage();
    const jobs = Array.from({ length: 25 }, () => stage.addRunning());
    await stage.stopAll();
    expect(new Set(stage.executions.values())).toEqual(new Set(['ABORTED']));
    for (const jobId of jobs) expect(stage.recorded(jobId)).toEqual(cancelled);
  });

  test('a job that was accepted and is not in the table yet is recorded too', async () => {
    const stage = new Stage();
    const jobId = stage.addUnregistered();
    await stage.stopAll();
    expect(stage.recorded(jobId)).toEqual({ status: 'CANCELLED', attempts: [], open: false });
  });

  test('a job whose request was still under way is stopped: one empty listing is not enough', async () => {
    const stage = new Stage();
    let late = '';
    stage.beforeListing = (listing) => {
      if (listing === 2) late = stage.addRunning();
    };
    await stage.stopAll();
    expect(stage.recorded(late)).toEqual(cancelled);
  });

  test('a job is CANCELLED, not FAILED, although AWS still shows its execution as RUNNING', async () => {
    const stage = new Stage();
    stage.shown = 'RUNNING';
    const jobId = stage.addRunning();
    await stage.stopAll();
    expect(stage.recorded(jobId)).toEqual(cancelled);
  });

  test('stops that AWS throttles are repeated', async () => {
    const stage = new Stage();
    const jobs = Array.from({ length: 25 }, () => stage.addRunning());
    stage.beforeStop = () => {
      if (stage.stops % 2 === 0) throw new TooManyRequests('slow down');
    };
    await stage.stopAll();
    for (const jobId of jobs) expect(stage.recorded(jobId)).toEqual(cancelled);
  });

  test('a stop that is always rejected is reported with its reason', async () => {
    const stage = new Stage();
    stage.addRunning();
    stage.beforeStop = () => {
      throw new Error('not authorized to perform states:StopExecution');
    };
    await expect(stage.stopAll()).rejects.toThrow('not authorized');
  });

  test('jobs that could not be recorded are counted, and a second removal records them', async () => {
    const stage = new Stage();
    const jobs = [stage.addRunning(), stage.addRunning()];
    stage.tableIsDown = true;
    await expect(stage.stopAll()).rejects.toThrow(
      /^jobs that are stopped and could not be recorded as CANCELLED: 2 \(the table does not respond\)\. Run `sls remove` again$/,
    );
    stage.tableIsDown = false;
    await stage.stopAll();
    expect(stage.stops).toBe(2);
    for (const jobId of jobs) expect(stage.recorded(jobId)).toEqual(cancelled);
  });

  test('nothing more is stopped when the time is up, and the last report says how many jobs run', async () => {
    const stage = new Stage();
    const control = new AbortController();
    for (let count = 0; count < 100; count += 1) stage.addRunning();
    stage.beforeStop = () => {
      if (stage.stops === 30) control.abort(new Error('the time is up'));
    };
    await expect(stage.stopAll(control.signal)).rejects.toThrow('the time is up');
    expect(stage.stops).toBeLessThan(100);
    expect(stage.notes.at(-1)).toMatch(/^running jobs: 100; run `sls remove` again to stop what is left$/);
  });
});
