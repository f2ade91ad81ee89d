import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { forward } from '../../../../../local/runners/kubernetes/index.ts';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function listening(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, onConnection).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return portOf(server);
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

async function forwarded(target: number): Promise<{ port: number; close: () => Promise<void> }> {
  const port = await freePort();
  const close = await forward('127.0.0.1', port, target);
  closers.push(close);
  return { port, close };
}

describe('the forwarder', () => {
  // The table's responses are as large as a page of items; a connection that ends too early would cut one short.
  test('forwards all data in both directions, also after one side has closed its direction', async () => {
    const sent = Buffer.alloc(5_000_000, 'x');
    const target = await listening((socket) => {
      void buffer(socket).then((received) => socket.end(received));
    });
    const { port } = await forwarded(target);
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.end(sent);
    expect((await buffer(socket)).equals(sent)).toBe(true);
  });

  test('ends a connection if the target does not listen', async () => {
    const { port } = await forwarded(await freePort());
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'close');
  });

  test('ends its connections when it is closed, and releases the port', async () => {
    const target = await listening(() => undefined);
    const { port, close } = await forwarded(target);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const ended = once(socket, 'close');
    closers.pop();
    await close();
    await ended;
    const closeSecond = await forward('127.0.0.1', port, target);
    await closeSecond();
  });

  test('names the addresses of this machine when it gets another address', async () => {
    // Reserved for documentation (RFC 5737), so not used by any machine.
    await expect(forward('192.0.2.1', await freePort(), 1)).rejects.toThrow(
      /^--advertise 192\.0\.2\.1 is not an address of this machine; it has /,
    );
  });

  test('reports that the port is in use', async () => {
    const port = await listening(() => undefined);
    await expect(forward('127.0.0.1', port, 1)).rejects.toThrow(
      `another program uses port ${port} of 127.0.0.1; choose other ports with --port`,
    );
  });
});
