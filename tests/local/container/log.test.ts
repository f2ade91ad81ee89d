import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, freePorts } from '../../harness/running-service.ts';
import { exitOf, Machine } from '../../harness/container/machine.ts';

let machine: Machine;

beforeAll(async () => {
  machine = await Machine.start(await freePorts());
}, 600_000);

afterAll(() => machine.stop());

// A killed container cannot report why it ended: only its earlier lines can show the reason.
test('the lines of a killed container are kept, also after its successors have written theirs', async () => {
  const jobId = await machine.register({ source: 'synthetic', records: 1e6, recordsPerSecond: 1 }, 2);
  const killed = machine.container(jobId, 0, machine.endpoint, 2);
  const ended = exitOf(killed);
  const lines = await eventually(async () => {
    const [attempt] = (await machine.record(jobId)).attempts;
    return attempt?.log;
  }, 'its first lines');
  expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toContain('attempt started');
  killed.kill('SIGKILL');
  await ended;
  const next = machine.container(jobId, 1, machine.endpoint, 2);
  const nextEnded = exitOf(next);
  const [attempt] = await eventually(async () => {
    const { attempts } = await machine.record(jobId);
    return attempts.length === 2 ? attempts : undefined;
  }, 'the next try');
  expect(attempt).toMatchObject({ status: 'FAILED', error: { code: 'AttemptLost' }, log: lines });
  next.kill('SIGKILL');
  await nextEnded;
});
