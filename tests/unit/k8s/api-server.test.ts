import { afterEach, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { ApiServer } from '../../../k8s/api-server.ts';
import { ClusterFailure, RequestRefused } from '../../../k8s/failure.ts';
import { KubeConfigConnection } from '../../../k8s/kubeconfig-connection.ts';
import { selfSigned } from '../../harness/certificate.ts';

/** Responses that a real API server does not give on demand. */

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Starts an API server that gives these responses one after another: a status, or "reset" for a connection that breaks. */
async function respondingWith(
  ...statuses: (number | 'reset')[]
): Promise<{ connection: KubeConfigConnection; received: () => number }> {
  let count = 0;
  const server = createServer((request, response) => {
    const status = statuses[count++] ?? 200;
    if (status === 'reset') return request.socket.destroy();
    response.writeHead(status, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ message: `response ${status}` }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { connection: connectionTo(`http://127.0.0.1:${portOf(server)}`), received: () => count };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

/** @param caData the authority to trust; without it the server's certificate is not checked. */
function connectionTo(server: string, caData?: string): KubeConfigConnection {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'test', server, skipTLSVerify: caData === undefined, ...(caData !== undefined && { caData }) },
    { name: 'me' },
  );
  return new KubeConfigConnection(config);
}

const [path, subject] = ['/api', 'Role run-job in eks-jobs'] as const;

describe('a request to the API server', () => {
  test('is repeated while the server is away or overloaded: it may just be restarting', async () => {
    const { connection, received } = await respondingWith(200, 'reset', 'reset', 503, 429);
    const server = new ApiServer(connection);
    for (const count of [1, 6]) {
      expect(await server.get(path, subject)).toEqual({ message: 'response 200' });
      expect(received()).toBe(count);
    }
  });

  test('is not repeated when the response will stay the same, and the error names the object', async () => {
    const { connection, received } = await respondingWith(403);
    const refused = new ApiServer(connection).get(path, subject);
    await expect(refused).rejects.toThrow(
      new RequestRefused(403, 'Role run-job in eks-jobs: response 403 (403)'),
    );
    expect(received()).toBe(1);
  });

  test('reports credentials that the cluster does not accept', async () => {
    const { connection } = await respondingWith(401);
    await expect(new ApiServer(connection).get(path, subject)).rejects.toThrow(
      'does not accept these credentials (401)',
    );
  });

  test('gives up soon on a server that never responded, and names it', async () => {
    const { connection, received } = await respondingWith('reset', 'reset', 'reset');
    await expect(new ApiServer(connection).get(path, subject)).rejects.toThrow(ClusterFailure);
    expect(received()).toBe(3);
    const noServer = new ApiServer(connectionTo('http://127.0.0.1:2')).get(path, subject);
    await expect(noServer).rejects.toThrow(
      /^the API server http:\/\/127.0.0.1:2 does not respond: .*ECONNREFUSED/,
    );
  });

  // client-node's own way is a new one for each request: a TLS handshake that took longer than the request.
  test('shares its connection with those before', async () => {
    const { key, cert } = selfSigned();
    let connections = 0;
    const server = createTlsServer({ key, cert }, (_request, response) => response.end('{}'));
    server.on('secureConnection', () => (connections += 1));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const connection = connectionTo(
      `https://127.0.0.1:${portOf(server)}`,
      Buffer.from(cert).toString('base64'),
    );
    const apiServer = new ApiServer(connection);
    for (let count = 0; count < 20; count += 1) await apiServer.get(path, subject);
    // A connection whose response just arrived may not be free yet.
    expect(connections).toBeLessThan(5);
    server.closeAllConnections();
  });
});
