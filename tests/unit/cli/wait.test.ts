import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ApiClient } from '../../../cli/api/client.ts';
import { resolveConnection } from '../../../cli/connection.ts';
import { pollJob } from '../../../cli/wait.ts';
import { FakeApi } from './fake-api.ts';
import { jobView } from './views.ts';

let api: FakeApi;

beforeEach(async () => {
  api = await FakeApi.start();
});

afterEach(() => api.stop());

/** Polls once. @returns how long it took, in milliseconds. */
async function pollFor(seconds: number): Promise<number> {
  const { signal } = new AbortController();
  const client = new ApiClient({
    connection: resolveConnection({ api: api.url }),
    ...{ retries: 0, signal, onRetry: () => undefined },
  });
  const start = performance.now();
  await pollJob(jobView().jobId, client, seconds, signal);
  return performance.now() - start;
}

const early = { 'retry-after': '1' };

describe('a command that waits for a job whose API responds early', () => {
  test('pauses as long as Retry-After says', async () => {
    api.script = [{ headers: early, body: jobView({ status: 'RUNNING' }) }];
    expect(await pollFor(0.1)).toBeGreaterThanOrEqual(990);
  });

  test('pauses for the seconds that it requested, without Retry-After', async () => {
    api.script = [{ body: jobView({ status: 'RUNNING' }) }];
    expect(await pollFor(0.5)).toBeGreaterThanOrEqual(490);
  });

  test('does not pause when the job has ended', async () => {
    api.script = [{ headers: early, body: jobView() }];
    expect(await pollFor(25)).toBeLessThan(900);
  });
});
