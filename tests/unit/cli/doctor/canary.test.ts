import { describe, expect, test } from '@jest/globals';
import { jobView } from '../jobs.ts';
import { deployed, Surroundings } from './surroundings.ts';

const { jobId } = jobView();
const around = new Surroundings();

describe('a canary', () => {
  test('that fails says why', async () => {
    const error = { code: 'InvalidInput', message: 'source: unknown' };
    around.job = { body: jobView({ status: 'FAILED', error }) };
    const { code, by } = await deployed();
    expect(code).toBe(1);
    expect(by('canary')).toMatchObject({
      outcome: 'failed',
      message: `job ${jobId} is FAILED; InvalidInput: source: unknown`,
    });
  });

  test('that does not get a node is cancelled, and says what it waits for', async () => {
    const waitingReason = { reason: 'NoNode', message: 'No node has room.' } as const;
    around.job = { body: jobView({ status: 'QUEUED', waitingReason }) };
    const { by } = await deployed('--canary-seconds', '1');
    expect(by('canary')?.message).toContain(
      'still QUEUED after 1 s and was cancelled; NoNode: No node has room.',
    );
    expect(around.server.received.map(({ method, url }) => `${method} ${url}`)).toContain(
      `DELETE /api/jobs/${jobId}`,
    );
  });

  test('may have an input of its own', async () => {
    await deployed('--canary-input', '{"source": "mine"}');
    const posted = around.server.received.find(({ method, url }) => method === 'POST' && url === '/api/jobs');
    expect(JSON.parse(posted?.body ?? '')).toMatchObject({ input: { source: 'mine' }, maxAttempts: 1 });
  });
});
