import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** Milliseconds of a monotonic clock. */
  at: number;
}

export interface FakeResponse {
  status?: number;
  headers?: Record<string, string>;
  /** An object becomes JSON. */
  body?: object | string;
  /** Closes the connection instead of responding. */
  cut?: boolean;
}

/** A server on loopback that sends a test's responses, and keeps the requests. */
export class FakeApi {
  readonly received: ReceivedRequest[] = [];
  /** Responses in their order; the last one is repeated. */
  script: FakeResponse[] = [{ status: 500, body: { message: 'the test set no response' } }];
  /** Selects a response by the request; undefined falls back to the script. */
  route: ((received: ReceivedRequest) => FakeResponse | undefined) | undefined;
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
