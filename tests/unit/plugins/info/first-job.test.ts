import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ECRClient } from '@aws-sdk/client-ecr';
import { SignatureV4 } from '@smithy/signature-v4';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import type { Authorization } from '../../../../jobs/settings.ts';
import { firstJob } from '../../../../plugins/info/first-job.ts';

// The lines that `sls info` prints are pasted into a shell: so a shell runs them here, with the real curl, and a server
// looks at what arrived as AWS would.

const run = promisify(execFile);
const key = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
let server: Server;
let url: string;
let calls: { method: string; path: string; headers: IncomingHttpHeaders }[];

beforeAll(async () => {
  server = createServer(({ method = '', url: path = '', headers }, response) => {
    calls.push({ method, path, headers });
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});

/** Runs the lines as printed. `aws` is a fake of the AWS CLI, which would print the variables that are set here. */
async function paste(authorization: Authorization, environment: Record<string, string>): Promise<void> {
  calls = [];
  const lines = firstJob({ url, authorization, region: 'eu-west-1' });
  await run('sh', ['-e', '-c', ['aws() { :; }', ...lines].join('\n')], {
    env: { PATH: process.env['PATH'], ...environment },
  });
}

const made = [
  { method: 'POST', path: '/jobs' },
  { method: 'GET', path: '/jobs/stats' },
];

/** The signature, computed again by the AWS SDK's own code over exactly what curl says it signed. */
async function signatureOf(index: number, sessionToken?: string): Promise<string | undefined> {
  const { method = '', path = '', headers = {} } = calls[index] ?? {};
  const signed = /SignedHeaders=([^,]*)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? [];
  const signer = new SignatureV4({
    service: 'execute-api',
    region: 'eu-west-1',
    credentials: key,
    // A header that the SDK would add and curl does not send.
    applyChecksum: false,
    sha256: new ECRClient({ region: 'eu-west-1' }).config.sha256,
  });
  // The token is among the headers already: the signer, given one, would add its own.
  if (sessionToken !== undefined) expect(signed).toContain('x-amz-security-token');
  const { headers: again } = await signer.sign(
    {
      ...{ method, path, protocol: 'http:', hostname: '127.0.0.1', query: {} },
      headers: Object.fromEntries(signed.map((name) => [name, String(headers[name])])),
    },
    { signingDate: dateOf(String(headers['x-amz-date'])) },
  );
  return /Signature=(\w+)/.exec(again['authorization'] ?? '')?.[1];
}

const dateOf = (text: string): Date =>
  new Date(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));

const variables = { AWS_ACCESS_KEY_ID: key.accessKeyId, AWS_SECRET_ACCESS_KEY: key.secretAccessKey };

/** A role's credentials come with a token, a user's own keys without: AWS refuses an empty one. */
test.each([{ token: 'FwoGZXIvYXdzEXAMPLE+/==' }, { token: undefined }])(
  'iam: signed for AWS, with the session token $token',
  async ({ token }) => {
    await paste('iam', { ...variables, ...(token !== undefined && { AWS_SESSION_TOKEN: token }) });
    expect(calls).toMatchObject(made);
    for (const [index, { headers }] of calls.entries()) {
      expect(headers['x-amz-security-token']).toBe(token);
      expect(headers.authorization).toContain('/eu-west-1/execute-api/aws4_request');
      expect(/Signature=(\w+)/.exec(headers.authorization ?? '')?.[1]).toBe(await signatureOf(index, token));
    }
  },
);

test('jwt: the token of the variable', async () => {
  await paste('jwt', { TOKEN: 'header.payload.signature' });
  expect(calls).toMatchObject(
    made.map((call) => ({ ...call, headers: { authorization: 'Bearer header.payload.signature' } })),
  );
});

test('none: nothing', async () => {
  await paste('none', {});
  expect(calls).toMatchObject(made);
  expect(calls.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
});
