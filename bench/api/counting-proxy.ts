import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import * as z from 'zod';

/** One call of an AWS API, and the read units that DynamoDB reported. */
export interface Call {
  operation: string;
  units: number;
}

const Capacity = z.object({ CapacityUnits: z.number() });
const DynamoDBResponse = z.object({
  ConsumedCapacity: z.union([Capacity.transform((capacity) => [capacity]), z.array(Capacity)]),
});

/** A proxy for one AWS API that forwards and records every call, for DynamoDB with its consumed read units. */
export class CountingProxy {
  readonly #server: Server;
  #target = '';
  #calls: Call[] = [];

  private constructor() {
    this.#server = createServer((incoming, response) => {
      this.#serve(incoming, response).catch(() => {
        response.destroy();
      });
    });
  }

  static async start(): Promise<CountingProxy> {
    const proxy = new CountingProxy();
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }

  /** Sets the URL to which calls are forwarded. */
  setTarget(target: string): void {
    this.#target = target;
  }

  /** Returns and removes the recorded calls. */
  takeCalls(): Call[] {
    const calls = this.#calls;
    this.#calls = [];
    return calls;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const [service = '', operation = ''] = String(incoming.headers['x-amz-target']).split('.');
    const dynamodb = service.startsWith('DynamoDB');
    const body = Buffer.concat(chunks).toString();
    const reply = await fetch(this.#target, {
      method: 'POST',
      headers: forwardedHeaders(incoming),
      body: dynamodb
        ? JSON.stringify({ ...(JSON.parse(body) as object), ReturnConsumedCapacity: 'TOTAL' })
        : body,
    });
    const text = await reply.text();
    this.#calls.push({ operation, units: dynamodb && reply.ok ? readUnits(text) : 0 });
    response.writeHead(reply.status, { 'content-type': 'application/x-amz-json-1.0' }).end(text);
  }
}

const forwardedHeaders = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      ['content-type', 'x-amz-target', 'x-amz-date', 'authorization'].includes(name)
        ? [[name, String(value)]]
        : [],
    ),
  );

const readUnits = (body: string): number =>
  DynamoDBResponse.parse(JSON.parse(body)).ConsumedCapacity.reduce(
    (total, { CapacityUnits }) => total + CapacityUnits,
    0,
  );
