import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';

/** What can go wrong with one request to the table. */
export const faults = [
  /** The container dies before its request is sent. */
  'killed before',
  /** The container dies once the table has done what was asked. */
  'killed after',
  /** The network delivers a request twice; the container sees the second answer. */
  'delivered twice',
  /** The table has done what was asked, but nobody hears of it. */
  'answer lost',
  /** Another transaction is in the way. dynoxide never says so, AWS does. */
  'conflict',
  'throttled',
  'internal error',
] as const;
export type Fault = (typeof faults)[number];

/** The fault happens to the k-th request, counted from 1; every other one goes through. */
export interface Plan {
  at: number;
  fault: Fault;
}

interface Reply {
  status: number;
  body: Buffer;
}

const refusals: Partial<Record<Fault, Reply>> = {
  conflict: refusal(400, {
    __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
    Message:
      'Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]',
    CancellationReasons: [{ Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' }],
  }),
  throttled: refusal(400, {
    __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
    message: 'The level of configured provisioned throughput for the table was exceeded.',
  }),
  'internal error': refusal(500, {
    __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError',
    message: 'Internal server error',
  }),
};

/** Stands between a container and the table, and does to one of its requests what the plan says. */
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

  /** How many requests have come since the plan was made. */
  get requests(): number {
    return this.#requests;
  }

  /** Begins to count anew. Without a plan nothing goes wrong. */
  plan(plan?: Plan): void {
    this.#plan = plan;
    this.#requests = 0;
  }

  /** Says how the container that now asks is killed. */
  onKill(kill: () => void): void {
    this.#kill = kill;
  }

  /** Says who hears of every request, with its number. */
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
    // Only a transaction can be in another one's way.
    const isTransaction =
      incoming.headers['x-amz-target']?.toString().endsWith('.TransactWriteItems') ?? false;
    const refused = fault && (fault !== 'conflict' || isTransaction) ? refusals[fault] : undefined;
    const reply = refused ?? (await this.#forward(incoming, Buffer.concat(chunks)));
    if (fault === 'killed after') this.#kill();
    if (fault === 'killed after' || fault === 'answer lost') {
      response.destroy();
      return;
    }
    const second = fault === 'delivered twice' ? await this.#forward(incoming, Buffer.concat(chunks)) : reply;
    response.writeHead(second.status, { 'content-type': 'application/x-amz-json-1.0' }).end(second.body);
  }

  #forward({ headers, method }: IncomingMessage, body: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const outgoing = request(this.#target, { headers, ...(method && { method }) }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('end', () => {
          resolve({ status: answer.statusCode ?? 500, body: Buffer.concat(chunks) });
        });
      });
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }
}

function refusal(status: number, body: object): Reply {
  return { status, body: Buffer.from(JSON.stringify(body)) };
}
