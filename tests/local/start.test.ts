import { afterEach, describe, expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { temporaryDirectory } from '../harness/temporary-directory.ts';
import { eventually, freePorts, RunningService } from '../harness/running-service.ts';

const services: RunningService[] = [];

async function start(...options: Parameters<typeof RunningService.start>): Promise<RunningService> {
  const service = await RunningService.start(...options);
  services.push(service);
  return service;
}

/** Starts a service that must not become ready. */
async function failedStart(
  ...options: Parameters<typeof RunningService.launch>
): Promise<{ code: number | null; output: string }> {
  const service = await RunningService.launch(...options);
  services.push(service);
  const code = await service.exit();
  return { code, output: service.output };
}

afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
});

/** Lists the processes whose command line contains a text; Linux and macOS both have ps. */
const processesWith = (text: string): string[] =>
  spawnSync('ps', ['-A', '-ww', '-o', 'pid=,stat=,args='], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => line.includes(text) && !/^\s*\d+\s+Z/.test(line));

describe('npm start reports in one line why it cannot start, and leaves no process behind', () => {
  test('a port in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    try {
      const { code, output } = await failedStart({ port });
      expect(code).toBe(1);
      expect(output).toBe(`eks-jobs: another program uses port ${port}; choose other ports with --port\n`);
    } finally {
      other.close();
    }
  });

  test('a state directory that another service uses, which continues to run', async () => {
    const first = await start();
    const { code, output } = await failedStart({ stateDirectory: first.stateDirectory });
    expect(code).toBe(1);
    expect(output).toMatch(/^eks-jobs: the state directory \S+ is used by another npm start; .*\n$/);
    expect((await first.request('GET', '/health')).status).toBe(200);
  });

  test('a state directory that cannot be written', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const { code, output } = await failedStart({ stateDirectory: join(file, 'state') });
    expect(code).toBe(1);
    expect(output).toMatch(/^eks-jobs: the state directory \S+ cannot be written: .*\n$/);
  });

  test('a context that its kubeconfig does not have', async () => {
    const file = join(temporaryDirectory(), 'kubeconfig');
    const context = { name: 'staging', context: { cluster: 'c', user: 'u' } };
    writeFileSync(file, JSON.stringify({ contexts: [context] }));
    const options = ['--context', 'stagin', '--kubeconfig', file, '--advertise', '10.0.0.1'];
    const { code, output } = await failedStart({ arguments: options });
    expect(code).toBe(1);
    expect(output).toBe(
      `eks-jobs: the kubeconfig ${file} does not have the context stagin; it has staging\n`,
    );
  });

  test('a function that does not compile', async () => {
    const bin = temporaryDirectory();
    writeFileSync(join(bin, 'cargo'), '#!/bin/sh\necho "error[E0425]: cannot find value" >&2\nexit 101\n');
    chmodSync(join(bin, 'cargo'), 0o755);
    const { code, output } = await failedStart({
      environment: { PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    });
    expect(code).toBe(1);
    expect(output).toBe('error[E0425]: cannot find value\neks-jobs: cargo build failed, see above\n');
  });

  test('a wrong option names what is allowed', async () => {
    const { code, output } = await failedStart({ arguments: ['--concurrency', 'many'] });
    expect(code).toBe(1);
    expect(output).toContain('Allowed: an integer from 1 to 1000.');
  });

  test('a machine without cargo: reported before anything is installed', () => {
    // A machine with only Node and npm.
    const bin = temporaryDirectory();
    symlinkSync(process.execPath, join(bin, 'node'));
    const { status, stderr } = spawnSync(
      process.execPath,
      ['lib/launch.mjs', '--needs-rust', 'local/start.ts'],
      {
        env: { PATH: bin },
        encoding: 'utf8',
      },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/^eks-jobs: cargo is missing: .*https:\/\/rustup\.rs.*\n$/);
  });
});

describe('npm start', () => {
  test('--help names every option', async () => {
    const { code, output } = await failedStart({ arguments: ['--help'] });
    expect(code).toBe(0);
    for (const option of ['--port', '--state-dir', '--fresh', '--data-dir', '--concurrency']) {
      expect(output).toContain(option);
    }
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s ends it and all processes that it started',
    async (signal) => {
      const service = await start();
      await service.post({ input: { source: 'synthetic', records: 1_000_000, recordsPerSecond: 100 } });
      await eventually(() => processesWith('data-processor').length > 0 || undefined, 'a container');
      service.kill(signal);
      expect(await service.exit()).toBe(0);
      expect(processesWith(service.stateDirectory)).toEqual([]);
    },
  );

  test.each(['SIGINT', 'SIGTERM'] as const)('%s to npm ends it too', async (signal) => {
    // npm passes the signal to a shell: the shell must have been replaced by the service, or the service does not get it.
    const port = await freePorts();
    const stateDirectory = temporaryDirectory();
    const npm = spawn('npm', ['start', '--', '--port', String(port), '--state-dir', stateDirectory], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await eventually(
      () =>
        fetch(`http://127.0.0.1:${port}/health`).then(
          ({ ok }) => ok || undefined,
          () => undefined,
        ),
      'npm start',
    );
    npm.kill(signal);
    await eventually(
      () => processesWith(stateDirectory).length === 0 || undefined,
      'the end of all processes',
    );
  });

  test('killed with -9 it leaves no process behind', async () => {
    const service = await start();
    service.kill('SIGKILL');
    await service.exit();
    await eventually(
      () => processesWith(service.stateDirectory).length === 0 || undefined,
      'the end of DynamoDB',
    );
  });

  test('keeps its jobs over a restart, and deletes them with --fresh', async () => {
    const first = await start();
    const jobId = await first.post({ input: { source: 'synthetic', records: 0 } });
    await first.ended(jobId);
    first.kill('SIGTERM');
    await first.exit();
    const { stateDirectory, port } = first;
    const second = await start({ stateDirectory, port });
    expect((await second.job(jobId)).status).toBe('SUCCEEDED');
    second.kill('SIGTERM');
    await second.exit();
    const third = await start({ stateDirectory, port, arguments: ['--fresh'] });
    expect((await third.request('GET', `/jobs/${jobId}`)).status).toBe(404);
    expect((await third.stats()).succeedJob).toBe(0);
  });
});
