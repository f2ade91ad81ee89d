import { fork } from 'node:child_process';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';
import type { PackagedFunction } from '../harness/package/functions.ts';

/**
 * The responses of a fake AWS by the operation's name in `x-amz-target`, by method and path for a REST API (`{Name}` for a
 * schedule's name), or as `Query.` and the operation for CloudFormation, whose responses are texts of XML. An operation without
 * one is rejected as unknown. `to` makes the body from the request.
 */
export type Responses = Record<string, { status?: number; body: unknown; to?: (request: string) => unknown }>;

const Outcome = z.object({
  loadMilliseconds: z.number().optional(),
  result: z.unknown().optional(),
  error: z.string().optional(),
});

/** What a handler returned or threw, and the AWS calls that it made. */
export interface Invocation extends z.infer<typeof Outcome> {
  calls: string[];
}

function targetOf({ headers, method = '', url = '' }: IncomingMessage, responses: Responses): string {
  const operation = headers['x-amz-target']?.toString() ?? `${method} ${url}`;
  return operation in responses || headers['x-amz-target'] !== undefined
    ? operation
    : `${method} ${url.replace(/\?.*/, '').replace(/[^/]+$/, '{Name}')}`;
}

const Transaction = z.object({ TransactItems: z.array(z.record(z.string(), z.unknown())) });

/** Lists the calls of a request. A transaction counts as the writes in it: IAM has no action for a transaction. */
function callsOf(target: string, body: string): string[] {
  if (!target.endsWith('.TransactWriteItems')) return [target];
  return Transaction.parse(JSON.parse(body)).TransactItems.flatMap((item) =>
    Object.keys(item).map((write) => target.replace('TransactWriteItems', `${write}Item`)),
  );
}

/** Starts a fake AWS, which the handlers' clients call over HTTP. */
async function listen(responses: Responses, calls: string[]): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const text = Buffer.concat(chunks).toString();
      const query = /(?:^|&)Action=(\w+)/.exec(text)?.[1];
      const target = query === undefined ? targetOf(request, responses) : `Query.${query}`;
      calls.push(...callsOf(target, text));
      const {
        status = 200,
        body,
        to,
      } = responses[target] ?? { status: 400, body: { __type: 'UnknownOperation' } };
      response
        .writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
        .end(query !== undefined && typeof body === 'string' ? body : JSON.stringify(to ? to(text) : body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Calls a packaged function once in a fresh process that has the template's environment and Lambda's own variables. */
export async function invoke(
  packagedFunction: PackagedFunction,
  event: unknown,
  responses: Responses = {},
): Promise<Invocation> {
  const calls: string[] = [];
  const { server, url } = await listen(responses, calls);
  const child = fork(new URL('lambda.ts', import.meta.url), {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      ...packagedFunction.environment,
      // Lambda sets these.
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_LAMBDA_FUNCTION_NAME: packagedFunction.name,
      // This keeps the test on this machine.
      AWS_ENDPOINT_URL: url,
      AWS_MAX_ATTEMPTS: '1',
    },
  });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  try {
    const outcome = await new Promise<unknown>((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => {
        reject(new Error(`${packagedFunction.name} exited with ${code ?? 'a signal'}: ${errors}`));
      });
      child.send({ bundle: packagedFunction.bundle, export: packagedFunction.export, event });
    });
    return { ...Outcome.parse(outcome), calls };
  } finally {
    child.kill();
    server.closeAllConnections();
    server.close();
  }
}
