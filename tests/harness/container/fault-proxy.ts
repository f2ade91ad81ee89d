import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';

/** The faults that can happen to one request to the table. */
export const faults = [
  /** The container is killed before its request is sent. */
  'killed before',
  /** The container is killed after the table has executed its request. */
  'killed after',
  /** The network delivers a request twice; the container gets the second response. */
  'delivered twice',
  /** The table has executed the request, but its response is lost. */
  'response lost',
  /** The request conflicts with another transaction. AWS returns this error, dynoxide does not. */
  'conflict',
  'throttled',
  'internal error',
] as const;
export type Fault = (typeof faults)[number];

/** The fault happens to request number `at`, counted from 1. All other requests are forwarded. */
export interface Plan {
  at: number;
  fault: Fault;
}

interface Reply {
  status: number;
  body: Buffer;
}

const errorReplies: Partial<Record<Fault, Reply>> = {
  conflict: errorReply(400, {
    __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
    Message:
      'Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]',
    CancellationReasons: [{ Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' }],
  }),
  throttled: errorReply(400, {
    __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
    message: 'The level of configured provisioned throughput for the table was exceeded.',
  }),
  'internal error': errorReply(500, {
    __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError',
    message: 'Internal server error',
  }),
};

/** A proxy between a container and the table that applies the plan's fault to one of the requests. */
export class FaultProxy {
  readonly #server: Server;
  readonly #target: string;
  #plan: Plan | undefined;
  #kill: () => void = () => undefined;
  #watch: (count: number) => void = () => undefined;
  #requests = 0;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((incoming, response) => {
      this.#serve(incoming, response).catch(() => {
        response.destroy();
      });
    });
  }

  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }

  /** The number of requests since the last call of `plan`. */
  get requests(): number {
    return this.#requests;
  }

  /** Sets the plan and restarts the count. Without a plan no fault happens. */
  plan(plan?: Plan): void {
    this.#plan = plan;
    this.#requests = 0;
  }

  /** Sets the function that kills the container of the following requests. */
  onKill(kill: () => void): void {
    this.#kill = kill;
  }

  /** Sets the function that is called for every request, with the request's number. */
  onRequest(watch: (count: number) => void): void {
    this.#watch = watch;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#requests += 1;
    this.#watch(this.#requests);
    const fault = this.#plan?.at === this.#requests ? this.#plan.fault : undefined;
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    if (fault === 'killed before') {
      this.#kill();
      response.destroy();
      return;
    }
    // Only a transaction can conflict with another one.
    const isTransaction =
      incoming.headers['x-amz-target']?.toString().endsWith('.TransactWriteItems') ?? false;
    const error = fault && (fault !== 'conflict' || isTransaction) ? errorReplies[fault] : undefined;
    const reply = error ?? (await this.#forward(incoming, Buffer.concat(chunks)));
    if (fault === 'killed after') this.#kill();
    if (fault === 'killed after' || fault === 'response lost') {
      response.destroy();
      return;
    }
    const second = fault === 'delivered twice' ? await this.#forward(incoming, Buffer.concat(chunks)) : reply;
    response.writeHead(second.status, { 'content-type': 'application/x-amz-json-1.0' }).end(second.body);
  }

  #forward({ headers, method }: IncomingMessage, body: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const outgoing = request(this.#target, { headers, ...(method && { method }) }, (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.once('end', () => {
          resolve({ status: reply.statusCode ?? 500, body: Buffer.concat(chunks) });
        });
      });
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }
}

function errorReply(status: number, body: object): Reply {
  return { status, body: Buffer.from(JSON.stringify(body)) };
}
