import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';

/** A stored Job. */
export interface StoredJob {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    uid: string;
    resourceVersion: string;
    labels: Record<string, string>;
    deletionTimestamp?: string;
  };
  spec: Record<string, unknown>;
  status: { conditions: { type: string; status: string; reason?: string; message?: string }[] };
}

/**
 * A fault that a test cannot cause in a real API server: reject with a status, or break the connection before or after
 * the request is carried out.
 */
type Fault = { statusCode: number } | 'break' | 'lose response';

interface Stream {
  response: ServerResponse;
  silent: boolean;
}

/** A fake Kubernetes API server: the part that Jobs need, in memory, with real HTTP on loopback. */
export class FakeApiServer {
  readonly requests: { method: string; path: string; query: URLSearchParams; body: unknown }[] = [];
  readonly jobs = new Map<string, StoredJob>();
  /** The pods that a list returns. */
  pods: unknown[] = [];
  /** Called before each request. */
  fault: (method: string, path: string, query: URLSearchParams) => Fault | undefined = () => undefined;
  /** Whether a deleted Job still exists until `vanish`, as it does while its pods end. */
  lingering = false;
  readonly #server: Server;
  readonly #streams = new Set<Stream>();
  readonly #events: { version: number; type: string; object: unknown }[] = [];
  #version = 1;
  #oldest = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#respond(request, response);
    });
  }

  static async start(): Promise<FakeApiServer> {
    const fake = new FakeApiServer();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  get config(): KubeConfig {
    const config = new KubeConfig();
    const { port } = this.#server.address() as AddressInfo;
    // The library uses HTTP only if TLS verification is off.
    const cluster = { name: 'fake', server: `http://127.0.0.1:${port}`, skipTLSVerify: true };
    config.loadFromClusterAndUser(cluster, { name: 'test', token: 'secret' });
    return config;
  }

  /** Counts the requests of a kind. */
  count(method: string, kind: 'watch' | 'list' | 'object'): number {
    return this.requests.filter((request) => {
      const collection = request.path.endsWith('/jobs');
      if (kind === 'object') return request.method === method && !collection;
      return request.method === method && collection && request.query.has('watch') === (kind === 'watch');
    }).length;
  }

  /** Sets a condition, as the Job controller does when a Job ends. */
  end(name: string, type: string, reason?: string, message?: string): void {
    const job = this.#job(name);
    const condition = { type, status: 'True', ...(reason && { reason }), ...(message && { message }) };
    this.#store({ ...job, status: { conditions: [...job.status.conditions, condition] } }, 'MODIFIED');
  }

  /** Removes a Job, as after its deletion. */
  vanish(name: string): void {
    const job = this.#job(name);
    this.jobs.delete(name);
    this.#emit('DELETED', {
      ...job,
      metadata: { ...job.metadata, resourceVersion: String(++this.#version) },
    });
  }

  /** Compacts the history: a watch cannot begin at a version from before now. */
  compact(): void {
    this.#oldest = this.#version;
  }

  /** Ends all streams: cleanly as a server does every few minutes, with 410, or by breaking the connections. */
  endStreams(how: 'cleanly' | 'expired' | 'broken'): void {
    for (const { response } of this.#streams) {
      if (how === 'broken') response.socket?.resetAndDestroy();
      else {
        if (how === 'expired')
          response.write(line('ERROR', { kind: 'Status', code: 410, message: 'too old' }));
        response.end();
      }
    }
    this.#streams.clear();
  }

  /** Stops sending to the open streams, but does not close them, as a firewall does that dropped the connection. */
  silenceStreams(): void {
    for (const stream of this.#streams) stream.silent = true;
  }

  #job(name: string): StoredJob {
    const job = this.jobs.get(name);
    if (!job) throw new Error(`the Job ${name} does not exist`);
    return job;
  }

  #store(job: StoredJob, type: string): StoredJob {
    const resourceVersion = String(++this.#version);
    const stored = { ...job, metadata: { ...job.metadata, resourceVersion } };
    this.jobs.set(stored.metadata.name, stored);
    this.#emit(type, stored);
    return stored;
  }

  #emit(type: string, object: unknown): void {
    this.#events.push({ version: this.#version, type, object });
    for (const { response, silent } of this.#streams) if (!silent) response.write(line(type, object));
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const { pathname: path, searchParams: query } = new URL(url, 'http://fake');
    const sent = await text(request);
    const body: unknown = sent === '' ? undefined : JSON.parse(sent);
    this.requests.push({ method, path, query, body });
    const fault = this.fault(method, path, query);
    if (fault === 'break') {
      request.socket.resetAndDestroy();
      return;
    }
    if (typeof fault === 'object') {
      reply(response, fault.statusCode, status(fault.statusCode, 'no'));
      return;
    }
    if (query.has('watch')) {
      this.#watch(response, Number(query.get('resourceVersion')));
      return;
    }
    const [statusCode, result] = this.#carryOut(method, path, body);
    if (fault === 'lose response') request.socket.resetAndDestroy();
    else reply(response, statusCode, result);
  }

  #carryOut(method: string, path: string, body: unknown): [number, unknown] {
    const metadata = { resourceVersion: String(this.#version) };
    if (path.endsWith('/pods')) return [200, { metadata, items: this.pods }];
    const [, collection, name] = /\/namespaces\/[^/]+\/(jobs)(?:\/([^/]+))?$/.exec(path) ?? [];
    if (collection === undefined) return [404, status(404, 'not found')];
    if (method === 'POST') {
      const job = body as StoredJob;
      if (this.jobs.has(job.metadata.name)) return [409, status(409, 'already exists')];
      const uid = `uid-${++this.#version}`;
      const created = { ...job, metadata: { ...job.metadata, uid }, status: { conditions: [] } };
      return [201, this.#store(created, 'ADDED')];
    }
    if (name === undefined) return [200, { metadata, items: [...this.jobs.values()] }];
    const job = this.jobs.get(name);
    if (!job) return [404, status(404, `jobs.batch "${name}" not found`)];
    if (method === 'DELETE') {
      if (this.lingering)
        this.#store({ ...job, metadata: { ...job.metadata, deletionTimestamp: 'now' } }, 'MODIFIED');
      else this.vanish(name);
    }
    return [200, job];
  }

  #watch(response: ServerResponse, from: number): void {
    if (from < this.#oldest) {
      reply(response, 410, status(410, 'too old resource version'));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    for (const { version, type, object } of this.#events) {
      if (version > from) response.write(line(type, object));
    }
    const stream = { response, silent: false };
    this.#streams.add(stream);
    response.once('close', () => this.#streams.delete(stream));
  }
}

const line = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;

const status = (code: number, message: string): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  code,
  message,
});

function reply(response: ServerResponse, statusCode: number, body: unknown): void {
  response.writeHead(statusCode, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
