import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** Milliseconds on a clock that never goes back. */
  at: number;
}

export interface Scripted {
  status?: number;
  headers?: Record<string, string>;
  /** An object becomes JSON. */
  body?: object | string;
  /** The connection is cut instead of an answer. */
  cut?: boolean;
}

/** A server on loopback that says what a test wants said, and keeps what it was asked. */
export class FakeApi {
  readonly received: Received[] = [];
  /** Answers in their order; the last one stays. */
  script: Scripted[] = [{ status: 500, body: { message: 'nothing is scripted' } }];
  /** Answers by what is asked, before the script. */
  route: ((received: Received) => Scripted | undefined) | undefined;
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const received = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
        at: performance.now(),
      };
      this.received.push(received);
      const routed = this.route?.(received);
      const scripted = routed ?? (this.script.length > 1 ? this.script.shift() : this.script[0]) ?? {};
      const { status = 200, headers = {}, body = {}, cut = false } = scripted;
      if (cut) {
        request.socket.destroy();
        return;
      }
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });

  static async start(): Promise<FakeApi> {
    const fake = new FakeApi();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
