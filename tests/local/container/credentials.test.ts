import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { exitOf, Machine } from '../../harness/container/machine.ts';
import { freePorts } from '../../harness/running-service.ts';

/**
 * The agent of EKS Pod Identity gives a container its credentials. It may be late on a new node, slow, or fail while many pods
 * start at once (aws/eks-pod-identity-agent#50). None of this is a failure of the job: it must not use up an attempt.
 */
let machine: Machine;
let agent: Server | undefined;

beforeAll(async () => {
  machine = await Machine.start(await freePorts());
}, 600_000);

afterEach(async () => {
  agent?.closeAllConnections();
  if (agent) await new Promise((resolve) => agent?.close(resolve));
  agent = undefined;
});

afterAll(() => machine.stop());

interface Behaviour {
  /** Milliseconds for which the agent refuses connections. */
  refuses?: number;
  /** Milliseconds until it responds. */
  delay?: number;
  /** Milliseconds for which it fails, and with which status. */
  fails?: number;
  status?: number;
}

function later(milliseconds: number, work: () => void): void {
  if (milliseconds === 0) work();
  else setTimeout(work, milliseconds);
}

/** Starts a fake agent. @returns its address, and the number of requests that it received. */
async function startAgent(behaviour: Behaviour): Promise<{ url: string; requests: () => number }> {
  const { refuses = 0, delay = 0, fails = 0, status = 500 } = behaviour;
  const port = await freePorts();
  const healthyAt = performance.now() + fails;
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    later(delay, () => {
      if (performance.now() < healthyAt) {
        response.writeHead(status).end();
        return;
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          ...{ AccessKeyId: 'local', SecretAccessKey: 'local', Token: 'token' },
          Expiration: new Date(Date.now() + 3_600_000).toISOString(),
        }),
      );
    });
  });
  agent = server;
  later(refuses, () => server.listen(port, '127.0.0.1'));
  if (refuses === 0) await once(server, 'listening');
  return { url: `http://127.0.0.1:${port}/v1/credentials`, requests: () => requests };
}

/** The variables that would give the container credentials in another way. */
const without = {
  AWS_ACCESS_KEY_ID: '',
  AWS_SECRET_ACCESS_KEY: '',
  AWS_EC2_METADATA_DISABLED: 'true',
  HOME: '/',
};

interface Ended {
  jobId: string;
  code: number | null;
  seconds: number;
  log: string;
}

/** Runs a job's first try with these variables. */
async function run(environment: Record<string, string>): Promise<Ended> {
  const jobId = await machine.register({ source: 'synthetic', records: 1 });
  const start = performance.now();
  const container = machine.container(jobId, 0, machine.endpoint, undefined, { ...without, ...environment });
  let log = '';
  container.stdout?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const code = await exitOf(container);
  return { jobId, code, log, seconds: (performance.now() - start) / 1000 };
}

describe('Pod Identity', () => {
  test.each<[string, Behaviour, number]>([
    ['refuses connections for 20 seconds', { refuses: 20_000 }, 20],
    ['responds after 3 seconds', { delay: 3000 }, 3],
    ['responds with 500 for 20 seconds', { fails: 20_000 }, 20],
    ['throttles with 429 for 20 seconds', { fails: 20_000, status: 429 }, 20],
  ])(
    '%s: the job succeeds in its first attempt, in the same container',
    async (_what, behaviour, atLeast) => {
      const { url, requests } = await startAgent(behaviour);
      const { jobId, code, seconds, log } = await run({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url });
      expect({ code, log: code === 0 ? '' : log }).toEqual({ code: 0, log: '' });
      expect(seconds).toBeGreaterThanOrEqual(atLeast - 1);
      const { job, attempts } = await machine.record(jobId);
      expect(job.status).toBe('SUCCEEDED');
      expect(attempts).toMatchObject([{ attempt: 0, status: 'SUCCEEDED' }]);
      // It does not add to the load of an agent that throttles.
      expect(requests()).toBeLessThan(150);
    },
  );

  test('is not there: the container ends at once, says what to check, and starts no attempt', async () => {
    const { jobId, code, seconds, log } = await run({});
    expect(code).toBe(75);
    expect(seconds).toBeLessThan(5);
    expect(log).toMatch(/no credentials were found/);
    expect(log).toMatch(/service account.*Pod Identity/);
    const { job, attempts } = await machine.record(jobId);
    expect(job.status).toBe('QUEUED');
    expect(attempts).toEqual([]);
  });
});
