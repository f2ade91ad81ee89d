import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { closeJob, closeLeftovers, recordUnregistered } from '../../../jobs/closing.ts';
import { ExecutionInput } from '../../../jobs/execution-input.ts';
import { recordOf } from '../../../jobs/record.ts';
import { golden } from '../../harness/golden.ts';

const Failure = z.object({ code: z.string(), message: z.string() });

const Arguments = z.object({
  execution: z.string(),
  executionStatus: z.enum(['RUNNING', 'FAILED', 'TIMED_OUT', 'ABORTED']),
  tries: z.array(z.object({ error: Failure.optional() })),
  submissionError: Failure.optional(),
  now: z.string(),
  input: ExecutionInput.optional(),
});

const closing = golden.transactions.filter(({ by, name }) => by === 'settle' && name.startsWith('settle-'));

describe('settle writes exactly the golden transactions', () => {
  test.each(closing.map((transaction) => [transaction.name, transaction] as const))(
    '%s',
    (_name, transaction) => {
      const { execution, executionStatus, tries, submissionError, now, input } = Arguments.parse(
        transaction.arguments,
      );
      const record = recordOf(transaction.record, Date.parse(now));
      const runJob = {
        tries: tries.map(({ error }) => (error ? { error } : {})),
        ...(submissionError && { submissionError }),
      };
      const startedAt = execution.slice(execution.lastIndexOf('@') + 1);
      const writes = record
        ? closeJob(record, executionStatus, runJob, now)
        : recordUnregistered(
            ExecutionInput.parse(input),
            { fence: execution, startedAt },
            executionStatus,
            now,
          );
      expect(writes).toEqual(transaction.writes);
    },
  );
});

const running = golden.transactions.find(({ name }) => name === 'settle-aborted');
const now = '2026-11-23T10:01:00.000Z';

function recordWith(job: Record<string, unknown>, attempts: Record<string, unknown>[] = []) {
  const [item = {}] = running?.record ?? [];
  const record = recordOf([{ ...item, ...job }, ...attempts], Date.parse(now));
  if (!record) throw new Error('no record');
  return record;
}

describe('settle leaves nothing half closed', () => {
  test('tries beyond maxAttempts are not attempts of the job', () => {
    // The machine always tries three times; a job with maxAttempts 1 has one attempt, whatever AWS did.
    const record = recordWith({ maxAttempts: 1, status: 'QUEUED', attempt: undefined, runner: undefined });
    const puts = closeJob(record, 'RUNNING', { tries: [{}, {}, {}] }, now).filter((write) => 'put' in write);
    expect(puts.map(({ put }) => put.sk)).toEqual(['ATTEMPT#0']);
  });

  test('an attempt in the table is closed even if the history does not show it yet', () => {
    const attempt = { pk: 'JOB#a', sk: 'ATTEMPT#0', attempt: 0, status: 'RUNNING', runner: 'r' };
    const writes = closeJob(recordWith({ attempt: 0 }, [attempt]), 'RUNNING', { tries: [] }, now);
    expect(writes).toContainEqual(
      expect.objectContaining({
        if: { status: 'RUNNING', runner: 'r' },
        update: expect.objectContaining({ sk: 'ATTEMPT#0' }),
      }),
    );
  });

  test('an attempt that stayed open under an ended job is closed and counted', () => {
    const attempt = { pk: 'JOB#a', sk: 'ATTEMPT#0', attempt: 0, status: 'RUNNING', runner: 'r' };
    const writes = closeLeftovers(recordWith({ status: 'SUCCEEDED' }, [attempt]), now);
    expect(writes).toContainEqual({
      update: expect.objectContaining({ sk: 'STATS' }),
      add: { failedJob: 1 },
    });
    expect(closeLeftovers(recordWith({ status: 'SUCCEEDED' }), now)).toEqual([]);
  });

  test('under a cancelled job it is cancelled too, and not counted as a failure', () => {
    const attempt = { pk: 'JOB#a', sk: 'ATTEMPT#0', attempt: 0, status: 'RUNNING', runner: 'r' };
    const writes = closeLeftovers(recordWith({ status: 'CANCELLED' }, [attempt]), now);
    expect(writes).toMatchObject([{ set: { status: 'CANCELLED' } }]);
  });
});
