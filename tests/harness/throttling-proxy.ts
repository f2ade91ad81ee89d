import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import * as z from 'zod';

/** How AWS reports that it throttles one call. */
export const throttlings = [
  'ThrottlingException',
  'RequestLimitExceeded',
  /** DynamoDB only. */
  'ProvisionedThroughputExceededException',
  /** A transaction of DynamoDB: each of its writes was throttled. */
  'cancelled transaction',
  /** BatchGetItem of DynamoDB: it leaves every key for another call. */
  'unread keys',
  /** A REST API: status 429 or 503, with the name in a header. */
  'status 429',
  'SlowDown',
] as const;
export type Throttling = (typeof throttlings)[number];

/** The number of the call that is throttled, counted from 1, and how. */
interface Plan {
  at: number;
  how: Throttling;
}

interface Reply {
  status: number;
  body: Buffer;
  headers?: Record<string, string>;
}

const json = (status: number, body: object, headers: Record<string, string> = {}): Reply => ({
  status,
  body: Buffer.from(JSON.stringify(body)),
  headers: { 'content-type': 'application/x-amz-json-1.0', ...headers },
});

const Transaction = z.object({ TransactItems: z.array(z.unknown()) });
const Batch = z.object({ RequestItems: z.unknown() });

/** The operations of EventBridge Scheduler, whose API is REST. */
const restOperations: Record<string, string> = {
  POST: 'CreateSchedule',
  PUT: 'UpdateSchedule',
  DELETE: 'DeleteSchedule',
};

const operationOf = ({ headers, method = '' }: IncomingMessage): string =>
  headers['x-amz-target']?.toString().split('.')[1] ?? restOperations[method] ?? method;

/** Which ways of throttling an operation can report. */
const canReport = (operation: string, how: Throttling): boolean =>
  ({
    ThrottlingException: !operation.endsWith('Schedule'),
    RequestLimitExceeded: !operation.endsWith('Schedule'),
    ProvisionedThroughputExceededException: /Item|Query/.test(operation),
    'cancelled transaction': operation === 'TransactWriteItems',
    'unread keys': operation === 'BatchGetItem',
    'status 429': operation.endsWith('Schedule'),
    SlowDown: operation.endsWith('Schedule'),
  })[how];

/** Lists the ways in which AWS can report that it throttles this operation. */
export const throttlingsOf = (operation: string): Throttling[] =>
  throttlings.filter((how) => canReport(operation, how));

/** Proxies before the emulated AWS services. They count the calls of all services together, and throttle one of them. */
export class ThrottlingProxy {
  readonly #servers: Server[] = [];
  #plan: Plan | undefined;
  #calls: string[] = [];
  /** Answers reads of the table as before Register: the job is not in it. */
  beforeRegister = false;

  /** Starts a proxy before a service. @returns its address. */
  async before(target: string): Promise<string> {
    const server = createServer((incoming, response) => {
      this.#serve(target, incoming, response).catch(() => {
        response.destroy();
      });
    });
    this.#servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }

  /** The operations that were called since `plan`. */
  get calls(): readonly string[] {
    return this.#calls;
  }

  /** Restarts the count. Without a plan no call is throttled. */
  plan(plan?: Plan): void {
    this.#plan = plan;
    this.#calls = [];
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  async #serve(target: string, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = operationOf(incoming);
    const call = this.#calls.push(operation);
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const {
      status,
      headers,
      body: reply,
    } = this.#throttled(call, operation, body) ??
    this.#unregistered(operation) ??
    (await forward(target, incoming, body));
    response.writeHead(status, headers).end(reply);
  }

  #throttled(call: number, operation: string, body: Buffer): Reply | undefined {
    if (!this.#plan || call < this.#plan.at) return undefined;
    const { at, how } = this.#plan;
    if (how === 'unread keys') {
      if (operation !== 'BatchGetItem') return undefined;
      const { RequestItems } = Batch.parse(JSON.parse(body.toString()));
      return json(200, { Responses: {}, UnprocessedKeys: RequestItems });
    }
    if (call > at) return undefined;
    if (how === 'cancelled transaction') {
      const { TransactItems } = Transaction.parse(JSON.parse(body.toString()));
      return json(400, {
        __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
        Message: 'Transaction cancelled, please refer cancellation reasons for specific reasons',
        CancellationReasons: TransactItems.map((_item, index) =>
          index === 0
            ? { Code: 'ThrottlingError', Message: 'Throughput exceeds the limit' }
            : { Code: 'None' },
        ),
      });
    }
    if (how === 'status 429') {
      return json(429, { Message: 'Rate exceeded' }, { 'x-amzn-errortype': 'ThrottlingException' });
    }
    if (how === 'SlowDown') return json(503, { Message: 'Slow down' }, { 'x-amzn-errortype': 'SlowDown' });
    return json(400, { __type: how, message: 'Rate exceeded' });
  }

  #unregistered(operation: string): Reply | undefined {
    if (!this.beforeRegister || !['GetItem', 'Query'].includes(operation)) return undefined;
    return json(200, operation === 'Query' ? { Items: [], Count: 0, ScannedCount: 0 } : {});
  }
}

function forward(
  target: string,
  { headers, method, url = '/' }: IncomingMessage,
  body: Buffer,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${target}${url}`, { headers, ...(method && { method }) }, (reply) => {
      const chunks: Buffer[] = [];
      reply.on('data', (chunk: Buffer) => chunks.push(chunk));
      reply.once('end', () => {
        const type = reply.headers['content-type'];
        const errorType = reply.headers['x-amzn-errortype'];
        resolve({
          status: reply.statusCode ?? 500,
          body: Buffer.concat(chunks),
          headers: {
            ...(type !== undefined && { 'content-type': type }),
            ...(errorType !== undefined && { 'x-amzn-errortype': String(errorType) }),
          },
        });
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
