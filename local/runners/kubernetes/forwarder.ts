import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { pipeline } from 'node:stream';
import * as z from 'zod';
import { UserError } from '../../../lib/user-error.ts';

/** More pods than a test cluster runs, each with a few connections. */
const connectionsAtMost = 2000;

/** A connection on which nothing was said for so long belongs to a pod that is gone: milliseconds. */
const silence = 300_000;

/**
 * Opens one address and port of this machine to what listens on a port of its loopback.
 * @returns a function that closes it, connections too.
 * @throws UserError when the address is not this machine's, or another program has the port.
 */
export async function forward(
  address: string,
  port: number,
  loopbackPort: number,
): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (incoming) => {
    const outgoing = connect({ port: loopbackPort, host: '127.0.0.1', allowHalfOpen: true });
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(from);
      from.once('close', () => sockets.delete(from));
      from.setTimeout(silence, () => from.destroy());
      // Whatever breaks one side ends the other; why is for the two that talk, not for us.
      pipeline(from, to, () => undefined);
    }
  });
  server.maxConnections = connectionsAtMost;
  server.listen({ host: address, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw explained(error, address, port);
  }
  return async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
}

function explained(error: unknown, address: string, port: number): unknown {
  const { code } = z.object({ code: z.string() }).partial().parse(error);
  if (code === 'EADDRINUSE') {
    return new UserError(`port ${port} of ${address} is taken by another program; choose others with --port`);
  }
  if (code !== 'EADDRNOTAVAIL' && code !== 'EINVAL') return error;
  const own = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, scopeid }) => !internal && !scopeid)
    .map((known) => known.address);
  return new UserError(
    `--advertise ${address} is no address of this machine; it has ${own.join(', ') || 'none that pods can reach'}`,
  );
}
