import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import type { Caller } from '../../../jobs/caller.ts';
import { cancel } from '../../../jobs/cancel.ts';
import { Conflict, NotFound, RequestError, TooManyRequests } from '../../../jobs/errors.ts';
import { ExecutionInput } from '../../../jobs/execution-input.ts';
import type { Execution } from '../../../jobs/execution.ts';
import { recordOf } from '../../../jobs/record.ts';
import type { Write } from '../../../jobs/write.ts';
import { golden, goldenAbout } from '../../harness/golden.ts';

const Arguments = z.object({ input: ExecutionInput.optional() });
const now = new Date('2026-11-23T10:01:00.000Z');
const alice: Caller = { owner: 'alice', admin: false };

interface World {
  items?: readonly Record<string, unknown>[];
  execution?: Partial<Execution>;
  /** How many writes fail because another transaction interferes. */
  contended?: number;
}

/** Cancels in a world of one job. @returns the calls to the table and Step Functions, and the error. */
async function cancelled(caller: Caller, jobId: string, { items = [], execution, contended = 0 }: World) {
  const did: string[] = [];
  const writes: Write[] = [];
  let left = contended;
  const error = await cancel(jobId, caller, {
    store: {
      readDecisive: (_jobId, at) => Promise.resolve(recordOf(items, at)),
      write: (wanted) => {
        did.push('write');
        left -= 1;
        if (left >= 0) return Promise.resolve(false);
        writes.push(...wanted);
        return Promise.resolve(true);
      },
    },
    executions: {
      ofJob: () => {
        did.push('describe');
        const startedAt = '2026-11-23T10:00:00.000Z';
        const known = { arn, fence: `${arn}@${startedAt}`, status: 'RUNNING' as const, startedAt };
        return Promise.resolve(execution && { ...known, ...execution });
      },
      stop: (execution) => {
        did.push(`stop ${execution}`);
        return Promise.resolve();
      },
    },
    now: () => now,
  }).catch((thrown: unknown) => {
    if (thrown instanceof RequestError) return thrown;
    throw thrown;
  });
  return { did, writes, error };
}

const names = golden.transactions.filter(({ by }) => by === 'cancel').map(({ name }) => name);

/** An id without a time: only a call shows whether the job exists. */
const jobId = 'a-job';
const arn = `arn:aws:states:eu-central-1:123456789012:execution:run-job:${jobId}`;
const stopped = `stop ${arn}`;

describe('cancel writes exactly the golden transactions, and only then stops the execution', () => {
  test.each(names)('%s', async (name) => {
    const { record, arguments: given, writes } = goldenAbout(name, jobId);
    const { input } = Arguments.parse(given);
    const world = { items: record, ...(input && { execution: { input } }) };
    const result = await cancelled({ owner: 'local', admin: false }, jobId, world);
    expect(result.writes).toEqual(writes);
    expect(result.did).toEqual([...(input ? ['describe'] : []), 'write', stopped]);
  });
});

const [job = {}, ...rest] = goldenAbout('cancel-running', jobId).record;
const { input: bobs } = Arguments.parse(goldenAbout('cancel-unregistered', jobId).arguments);
const unregistered = (owner: string, status: Execution['status']): World => ({
  execution: { input: ExecutionInput.parse({ ...bobs, owner }), status },
});
const of = (change: object): World => ({ items: [{ ...job, owner: 'alice', ...change }, ...rest] });

describe('cancel', () => {
  test('repeats StopExecution for a job that is cancelled: the first request may have been cut off', async () => {
    const { did, error } = await cancelled(alice, jobId, of({ status: 'CANCELLED' }));
    expect({ did, error }).toEqual({ did: [stopped], error: undefined });
  });

  test.each(['SUCCEEDED', 'FAILED', 'TIMED_OUT'])(
    'rejects a job that is %s, and names its status',
    async (status) => {
      const { did, error } = await cancelled(alice, jobId, of({ status }));
      expect(error).toBeInstanceOf(Conflict);
      expect(error?.details).toEqual([{ field: 'status', message: status }]);
      expect(did).toEqual([]);
    },
  );

  test('leaves the record of an execution that failed before Register to Settle', async () => {
    const { did, error } = await cancelled(alice, jobId, unregistered('alice', 'FAILED'));
    expect(error?.details).toEqual([{ field: 'status', message: 'FAILED' }]);
    expect(did).toEqual(['describe']);
  });

  test('is 404 for another owner’s job, registered or not, and changes nothing', async () => {
    for (const world of [of({ owner: 'bob' }), unregistered('bob', 'RUNNING'), {}]) {
      const { did, error } = await cancelled(alice, jobId, world);
      expect(error).toBeInstanceOf(NotFound);
      expect(error?.message).toBe('The job does not exist.');
      expect(did.filter((call) => call !== 'describe')).toEqual([]);
    }
  });

  test('cancels another owner’s job for a caller with the admin scope', async () => {
    const { did } = await cancelled({ owner: 'alice', admin: true }, jobId, of({ owner: 'bob' }));
    expect(did).toEqual(['write', stopped]);
  });

  test('reads and decides again when another transaction interfered, six times at most', async () => {
    expect((await cancelled(alice, jobId, { ...of({}), contended: 1 })).did).toEqual([
      'write',
      'write',
      stopped,
    ]);
    const { did, error } = await cancelled(alice, jobId, { ...of({}), contended: 99 });
    expect(error).toBeInstanceOf(TooManyRequests);
    expect(did).toEqual(Array.from({ length: 6 }, () => 'write'));
  });

  test.each(['..', 'UPPER', '', 'a'.repeat(49)])(
    'makes no call for %j, which is not an id',
    async (wrong) => {
      expect(await cancelled(alice, wrong, {})).toMatchObject({ did: [], error: expect.any(NotFound) });
    },
  );
});
