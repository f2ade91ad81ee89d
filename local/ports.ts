import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import pRetry from 'p-retry';
import { UserError } from '../lib/user-error.ts';

/**
 * How long a connection may be idle, in milliseconds. After a standstill (a disk or a processor that is busy) Node closes
 * what it takes for idle before it reads what has come meanwhile: with its own five seconds that happened.
 */
const keepAlive = 75_000;

/** Listens on a loopback port. @throws UserError when another program has it. */
export async function listen(server: Server, port: number): Promise<void> {
  server.keepAliveTimeout = keepAlive;
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new UserError(`port ${port} is taken by another program; choose others with --port`);
    }
    throw error;
  }
}

/**
 * Makes sure that a loopback port is free.
 * @param within how long the program that has it may take to leave, in milliseconds.
 * @throws UserError when it is taken.
 */
export async function ensureFree(port: number, within = 0): Promise<void> {
  const probe = async (): Promise<void> => {
    const server = createServer();
    await listen(server, port);
    await new Promise((resolve) => server.close(resolve));
  };
  await pRetry(probe, {
    retries: within / 100,
    minTimeout: 100,
    factor: 1,
    shouldRetry: ({ error }) => error instanceof UserError,
  });
}
