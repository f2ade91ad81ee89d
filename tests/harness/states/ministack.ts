import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, freePorts } from '../running-service.ts';
import { prepareVirtualEnvironment } from '../python/environment.ts';

/** A running ministack on loopback, with Step Functions only. Its Wait states and retries take no time. */
export interface Ministack {
  endpoint: string;
  pid: number;
  stop(): Promise<void>;
}

/** Starts ministack, installing it on the first use. @throws CheckFailure when that fails. */
export async function startMinistack(): Promise<Ministack> {
  const programs = prepareVirtualEnvironment(
    fileURLToPath(new URL('../../..', import.meta.url)),
    'ministack',
  );
  const directory = mkdtempSync(join(tmpdir(), 'ministack-'));
  const port = await freePorts();
  const child = spawn(join(programs, 'ministack'), [], {
    cwd: directory,
    env: {
      PATH: process.env['PATH'],
      HOME: directory,
      TMPDIR: directory,
      STATE_DIR: join(directory, 'state'),
      S3_DATA_DIR: join(directory, 's3'),
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_HOST: '127.0.0.1',
      SERVICES: 'states',
      PERSIST_STATE: '0',
      SFN_WAIT_SCALE: '0',
      LOG_LEVEL: 'ERROR',
    },
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill();
    await exited;
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error('ministack ended');
      const health = await fetch(`${endpoint}/_ministack/health`).catch(() => undefined);
      return health?.ok === true ? true : undefined;
    }, 'ministack is ready');
    return { endpoint, pid: child.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
