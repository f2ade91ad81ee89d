import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, freePorts } from '../../harness/running-service.ts';
import { exitOf, Machine } from '../../harness/container/machine.ts';

let machine: Machine;

beforeAll(async () => {
  machine = await Machine.start(await freePorts());
}, 600_000);

afterAll(() => machine.stop());

// A container that was killed says nothing at its end: what it said before is all that tells why.
test('the lines of a container that was killed are kept, whatever its successors do', async () => {
  const jobId = await machine.register({ source: 'synthetic', records: 1e6, recordsPerSecond: 1 }, 2);
  const killed = machine.container(jobId, 0, machine.endpoint, 2);
  const ended = exitOf(killed);
  const said = await eventually(async () => {
    const [attempt] = (await machine.record(jobId)).attempts;
    return attempt?.log;
  }, 'its first lines');
  expect(said.map((line) => (JSON.parse(line) as { message: string }).message)).toContain('attempt started');
  killed.kill('SIGKILL');
  await ended;
  const next = machine.container(jobId, 1, machine.endpoint, 2);
  const nextEnded = exitOf(next);
  const [attempt] = await eventually(async () => {
    const { attempts } = await machine.record(jobId);
    return attempts.length === 2 ? attempts : undefined;
  }, 'the next try');
  expect(attempt).toMatchObject({ status: 'FAILED', error: { code: 'AttemptLost' }, log: said });
  next.kill('SIGKILL');
  await nextEnded;
});
