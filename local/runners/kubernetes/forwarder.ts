import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { pipeline } from 'node:stream';
import * as z from 'zod';
import { UserError } from '../../../lib/user-error.ts';

/** Enough for more pods than a test cluster runs, each with a few connections. */
const connectionLimit = 2000;

/** A connection that is silent for so long belongs to a pod that is gone: milliseconds. */
const idleTimeout = 300_000;

/**
 * Forwards an address and port of this machine to a port of its loopback.
 * @returns a function that closes the port and all connections.
 * @throws UserError when the address is not this machine's, or another program uses the port.
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
      from.setTimeout(idleTimeout, () => from.destroy());
      // An error on one side ends the other. Both programs see it themselves, so it is not reported here.
      pipeline(from, to, () => undefined);
    }
  });
  server.maxConnections = connectionLimit;
  server.listen({ host: address, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw listenError(error, address, port);
  }
  return async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
}

/** Describes for the user why the address cannot be opened. */
function listenError(error: unknown, address: string, port: number): unknown {
  const { code } = z.object({ code: z.string() }).partial().parse(error);
  if (code === 'EADDRINUSE') {
    return new UserError(`another program uses port ${port} of ${address}; choose other ports with --port`);
  }
  if (code !== 'EADDRNOTAVAIL' && code !== 'EINVAL') return error;
  const addressesOfMachine = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, scopeid }) => !internal && !scopeid)
    .map((known) => known.address);
  return new UserError(
    `--advertise ${address} is not an address of this machine; it has ${addressesOfMachine.join(', ') || 'no address that pods can reach'}`,
  );
}
