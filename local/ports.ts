import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import pRetry from 'p-retry';
import { UserError } from '../lib/user-error.ts';

/**
 * How long a connection may be idle, in milliseconds. After a pause (a busy disk or processor) Node closes connections
 * that it considers idle before it reads the requests that arrived meanwhile. With Node's default of five seconds that happened.
 */
const keepAliveTimeout = 75_000;

/** Listens on a loopback port. @throws UserError when another program uses it. */
export async function listen(server: Server, port: number): Promise<void> {
  server.keepAliveTimeout = keepAliveTimeout;
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new UserError(`another program uses port ${port}; choose other ports with --port`);
    }
    throw error;
  }
}

/**
 * Makes sure that a loopback port is free.
 * @param timeout how long the program that uses it may take to end, in milliseconds.
 * @throws UserError when another program uses it.
 */
export async function ensureFree(port: number, timeout = 0): Promise<void> {
  const check = async (): Promise<void> => {
    const server = createServer();
    await listen(server, port);
    await new Promise((resolve) => server.close(resolve));
  };
  await pRetry(check, {
    retries: timeout / 100,
    minTimeout: 100,
    factor: 1,
    shouldRetry: ({ error }) => error instanceof UserError,
  });
}
