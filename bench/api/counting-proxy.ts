import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import * as z from 'zod';

/** One call of an AWS API, and the read units that DynamoDB said it consumed. */
export interface Call {
  operation: string;
  units: number;
}

const Capacity = z.object({ CapacityUnits: z.number() });
const Answer = z.object({
  ConsumedCapacity: z.union([Capacity.transform((one) => [one]), z.array(Capacity)]),
});

/** Stands before one AWS API; every call goes through and is counted, those of DynamoDB with what they consume. */
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

  /** Where calls go from now on. */
  leadTo(target: string): void {
    this.#target = target;
  }

  /** The calls since it was last asked. */
  taken(): Call[] {
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
    const answer = await fetch(this.#target, {
      method: 'POST',
      headers: passedOn(incoming),
      body: dynamodb
        ? JSON.stringify({ ...(JSON.parse(body) as object), ReturnConsumedCapacity: 'TOTAL' })
        : body,
    });
    const text = await answer.text();
    this.#calls.push({ operation, units: dynamodb && answer.ok ? unitsIn(text) : 0 });
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' }).end(text);
  }
}

const passedOn = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      ['content-type', 'x-amz-target', 'x-amz-date', 'authorization'].includes(name)
        ? [[name, String(value)]]
        : [],
    ),
  );

const unitsIn = (answer: string): number =>
  Answer.parse(JSON.parse(answer)).ConsumedCapacity.reduce(
    (total, { CapacityUnits }) => total + CapacityUnits,
    0,
  );
