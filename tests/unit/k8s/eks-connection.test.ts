import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EksConnection } from '../../../k8s/eks-connection.ts';
import type { KubernetesRequest } from '../../../k8s/connection.ts';
import { ApiServer } from '../../../k8s/api-server.ts';
import { NoCredentials } from '../../../k8s/failure.ts';
import { selfSigned } from '../../harness/certificate.ts';

/** The deployed functions use this connection for every call to the cluster. */
describe('the connection to an EKS cluster', () => {
  const certificate = selfSigned();
  let server: Server;
  let respond: (request: IncomingMessage, body: string) => [number, string] | 'nothing';

  beforeAll(async () => {
    server = createServer(certificate, (request, response) => {
      void text(request).then((body) => {
        const given = respond(request, body);
        if (given !== 'nothing') response.writeHead(given[0]).end(given[1]);
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
  const connection = (cert = certificate.cert, credentials = () => Promise.resolve(keys)) =>
    new EksConnection(
      {
        name: 'jobs',
        endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
        certificateAuthority: Buffer.from(cert).toString('base64'),
      },
      new DynamoDBClient({ region: 'eu-central-1', credentials }).config,
    );
  const request = (more: Partial<KubernetesRequest> = {}): KubernetesRequest => ({
    ...{ method: 'GET', path: '/api', headers: {}, signal: AbortSignal.timeout(10_000) },
    ...more,
  });

  test('sends a request with a token of the caller, and returns the response of any status', async () => {
    const received: unknown[] = [];
    respond = ({ method, url, headers }, body) => {
      received.push(method, url, headers['content-type'], headers.authorization?.slice(0, 18), body);
      return [403, '{"message":"nein, für dich nicht"}'];
    };
    const sent = request({
      method: 'PATCH',
      path: '/apis/batch/v1?force=true',
      headers: { 'Content-Type': 'application/apply-patch+yaml' },
      body: '{"größe":1}',
    });
    expect(await connection().send(sent)).toEqual({
      status: 403,
      text: '{"message":"nein, für dich nicht"}',
    });
    expect(received).toEqual([
      ...['PATCH', '/apis/batch/v1?force=true', 'application/apply-patch+yaml'],
      ...['Bearer k8s-aws-v1.', '{"größe":1}'],
    ]);
  });

  // Node sends the length of a body only where it expects one. Without it the body of a DELETE is taken for the next request.
  test.each(['GET', 'POST', 'PATCH', 'DELETE'] as const)(
    'sends the body of a %s, and then another',
    async (method) => {
      const received: string[] = [];
      respond = (_request, body) => {
        received.push(body);
        return [200, '{}'];
      };
      const one = connection();
      for (const body of ['{"größe":1}', '{"größe":22}']) {
        expect(await one.send(request({ method, body }))).toEqual({ status: 200, text: '{}' });
      }
      expect(received).toEqual(['{"größe":1}', '{"größe":22}']);
    },
  );

  // The server that receives a request gets a token that is valid for the cluster.
  test('sends nothing to a server whose certificate is not the cluster’s', async () => {
    let reached = false;
    respond = () => {
      reached = true;
      return [200, '{}'];
    };
    await expect(connection(selfSigned().cert).send(request())).rejects.toThrow();
    expect(reached).toBe(false);
  });

  test('reports that the credentials are missing, and does not try again', async () => {
    let tries = 0;
    const none = () => {
      tries += 1;
      return Promise.reject(new Error('the environment has none'));
    };
    const server = new ApiServer(connection(certificate.cert, none));
    const failure = server.get('/api', 'the API');
    await expect(failure).rejects.toThrow(NoCredentials);
    await expect(failure).rejects.toThrow('the environment has none');
    expect(tries).toBe(1);
  });

  test('waits for a response no longer than the signal allows', async () => {
    respond = () => 'nothing';
    await expect(connection().send(request({ signal: AbortSignal.timeout(50) }))).rejects.toThrow(
      /abort|timeout/i,
    );
  });
});
