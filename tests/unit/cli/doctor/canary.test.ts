import { describe, expect, test } from '@jest/globals';
import { jobView } from '../views.ts';
import { runDoctorOnStack, FakeEnvironment } from './fake-environment.ts';

const { jobId } = jobView();
const environment = new FakeEnvironment();

describe('a canary', () => {
  test('that fails is reported with its error', async () => {
    const error = { code: 'InvalidInput', message: 'source: unknown' };
    environment.job = { body: jobView({ status: 'FAILED', error }) };
    const { code, by } = await runDoctorOnStack();
    expect(code).toBe(1);
    expect(by('canary')).toMatchObject({
      outcome: 'failed',
      message: `job ${jobId} is FAILED; InvalidInput: source: unknown`,
    });
  });

  test('that gets no node is cancelled, and reported with the reason', async () => {
    const waitingReason = { reason: 'NoNode', message: 'No node has room.' } as const;
    environment.job = { body: jobView({ status: 'QUEUED', waitingReason }) };
    const { by } = await runDoctorOnStack('--canary-seconds', '1');
    expect(by('canary')?.message).toContain(
      'still QUEUED after 1 s and was cancelled; NoNode: No node has room.',
    );
    expect(environment.server.received.map(({ method, url }) => `${method} ${url}`)).toContain(
      `DELETE /api/jobs/${jobId}`,
    );
  });

  test('has the input of --canary-input', async () => {
    await runDoctorOnStack('--canary-input', '{"source": "mine"}');
    const posted = environment.server.received.find(
      ({ method, url }) => method === 'POST' && url === '/api/jobs',
    );
    expect(JSON.parse(posted?.body ?? '')).toMatchObject({ input: { source: 'mine' }, maxAttempts: 1 });
  });
});
