import { expect, test } from '@jest/globals';
import type { ExecutionStatus, Tries } from '../../../jobs/execution.ts';
import { recordOf } from '../../../jobs/record.ts';
import { settle } from '../../../jobs/settle.ts';
import type { Write } from '../../../jobs/write.ts';
import { golden } from '../../harness/golden.ts';

const found = golden.transactions.find(({ name }) => name === 'settle-not-submitted');
const execution = String(found?.arguments['execution']);
const now = new Date('2026-11-23T10:01:00.000Z');

/** Settles the job of the golden transaction with this history. @returns the first writes. */
async function settled(status: ExecutionStatus, history: Tries): Promise<readonly Write[] | undefined> {
  const written: (readonly Write[])[] = [];
  let items = found?.record ?? [];
  await settle(
    { jobId: '01jdd0000000000000000000aa', execution, status },
    {
      store: {
        readDecisive: (_jobId, at) => Promise.resolve(recordOf(items, at)),
        write: (writes) => {
          written.push(writes);
          items = items.map((item) => (item['sk'] === 'JOB' ? { ...item, status: 'FAILED' } : item));
          return Promise.resolve(true);
        },
      },
      executions: { describe: () => Promise.resolve(undefined), tries: () => Promise.resolve(history) },
      cluster: { deleteJobs: () => Promise.resolve() },
      now: () => now,
    },
  );
  return written[0];
}

// The end of a failed submission is missing: the try would be counted as an attempt.
test('the state machine waits for the end of the last try in the history', async () => {
  const behind: Tries = { tries: [{}], unfinished: true };
  await expect(settled('RUNNING', behind)).rejects.toThrow('does not have the end of its last try yet');
  // An execution that was stopped leaves a try without an end.
  expect(await settled('ABORTED', behind)).toBeDefined();
});
