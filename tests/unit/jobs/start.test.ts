import { describe, expect, test } from '@jest/globals';
import { acceptJob } from '../../../api/job-request.ts';
import { Conflict, TooManyRequests } from '../../../jobs/errors.ts';
import { ExecutionInput } from '../../../jobs/execution-input.ts';
import type { Execution } from '../../../jobs/execution.ts';
import { jobIdOfKey } from '../../../jobs/ids.ts';
import { recordOf } from '../../../jobs/record.ts';
import { startOnce } from '../../../jobs/start.ts';
import { goldenAbout } from '../../harness/golden.ts';

const jobId = jobIdOfKey('local', 'key-1');
const most = { cpu: '4', memory: '8Gi' };
const text = acceptJob('', jobId, 'local', most);
const other = acceptJob('{"maxAttempts":1}', jobId, 'local', most);

interface World {
  items?: readonly Record<string, unknown>[];
  execution?: Partial<Execution>;
  isNew?: boolean;
}

async function started(
  input: string,
  { items = [], execution, isNew = false }: World,
  isSame?: Parameters<typeof startOnce>[3],
) {
  const calls: string[] = [];
  const known = { arn: 'arn', fence: 'arn@t', status: 'RUNNING' as const, startedAt: 't' };
  const dependencies = {
    store: { read: (_jobId: string, now: number) => Promise.resolve(recordOf(items, now)) },
    executions: {
      startOnce: () => {
        calls.push('start');
        return Promise.resolve(isNew);
      },
      ofJob: () => Promise.resolve(execution && { ...known, ...execution }),
    },
    now: () => new Date(0),
  };
  const answer = await startOnce(jobId, input, dependencies, isSame);
  return { ...answer, calls };
}

describe('a request with an Idempotency-Key', () => {
  test('belongs to one job of this caller', () => {
    expect(jobId).toMatch(/^[0-9a-f]{32}$/);
    expect(jobIdOfKey('local', 'key-1')).toBe(jobId);
    // Simple concatenation would make these two the same.
    expect(jobIdOfKey('a', 'bc')).not.toBe(jobIdOfKey('ab', 'c'));
  });

  test('starts its job the first time', async () => {
    expect(await started(text, { isNew: true })).toMatchObject({ status: 'QUEUED', replayed: false });
  });

  // Step Functions forgets a name after 90 days; the record is kept for 100.
  test('gets its response from the table and starts nothing, as long as the job is there', async () => {
    const { record } = goldenAbout('cancel-running', jobId);
    expect(await started(text, { items: record })).toEqual({
      ...{ jobId, status: 'RUNNING', replayed: true, calls: [] },
    });
    await expect(started(other, { items: record })).rejects.toThrow(Conflict);
  });

  test('is the same request when its labels and resources are the same, in any order', async () => {
    const options = (labels: string, resources = '{}'): string =>
      acceptJob(`{"labels":${labels},"resources":${resources}}`, jobId, 'local', most);
    const { record } = goldenAbout('cancel-running', jobId);
    const [job = {}, ...rest] = record;
    const items = [{ ...job, labels: { a: '1', b: '2' }, resources: { cpu: '2' } }, ...rest];
    const again = options('{"b":"2","a":"1"}', '{"cpu":"2"}');
    expect(await started(again, { items })).toMatchObject({ replayed: true });
    for (const other of [options('{"a":"1"}', '{"cpu":"2"}'), options('{"a":"1","b":"2"}'), text]) {
      await expect(started(other, { items })).rejects.toThrow(Conflict);
    }
  });

  test('gets its response from the execution before Register', async () => {
    const execution = { input: ExecutionInput.parse(JSON.parse(text)), status: 'ABORTED' as const };
    expect(await started(text, { execution })).toMatchObject({ status: 'CANCELLED', replayed: true });
    await expect(started(other, { execution })).rejects.toThrow(Conflict);
  });

  test('is 429 while Step Functions does not show the execution that it already has', async () => {
    await expect(started(text, {})).rejects.toThrow(TooManyRequests);
  });

  test('is the same if isSame returns true, although it would start something else now', async () => {
    const { record } = goldenAbout('cancel-running', jobId);
    const again = await started(other, { items: record }, () => true);
    expect(again).toMatchObject({ jobId, status: 'RUNNING', replayed: true, calls: [] });
  });

  test('that retries a job is another request than the one that posted it', async () => {
    const { record } = goldenAbout('cancel-running', jobId);
    const retry = JSON.stringify({ ...ExecutionInput.parse(JSON.parse(text)), retryOf: 'old' });
    await expect(started(retry, { items: record })).rejects.toThrow(Conflict);
  });
});
