import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as sendRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const module = fileURLToPath(new URL('registry', import.meta.url));
const program = 'github.com/google/go-containerregistry/cmd/registry';

/** @throws Error naming everything that is missing for these tests, and how to get it. */
function ensurePrerequisites(): void {
  const needed: [string, string[]][] = [
    ['go', ['version']],
    ['buildah', ['version']],
    ['cargo', ['--version']],
  ];
  const missing = needed.filter(([name, parameters]) => spawnSync(name, parameters).status !== 0);
  if (missing.length === 0 && process.platform === 'linux') return;
  throw new Error(
    `The image's tests need Linux and go (go.dev, 1.26 or newer), buildah (Debian: apt-get install buildah) and cargo; ` +
      `missing here: ${missing.map(([name]) => name).join(', ') || 'Linux'}`,
  );
}

/** A real OCI registry on loopback, in memory, built from its Go module. It does not authenticate: `serve`'s caller does. */
export class Registry {
  readonly #directory = mkdtempSync(join(tmpdir(), 'eks-jobs-registry-'));
  #child: ChildProcess | undefined;
  #port = 0;

  async start(): Promise<void> {
    ensurePrerequisites();
    const binary = join(this.#directory, 'registry');
    const { status, stderr } = spawnSync('go', ['build', '-trimpath', '-o', binary, program], {
      cwd: module,
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`go build ${program} failed:\n${stderr}`);
    const child = spawn(binary, ['--port', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    const lines = createInterface({ input: child.stderr });
    for await (const line of lines) {
      const port = /serving on port (\d+)/.exec(line)?.[1];
      if (port === undefined) continue;
      this.#port = Number(port);
      break;
    }
    if (this.#port === 0) throw new Error('the registry ended before it was ready');
    // Reads and drops the log of requests, so that the pipe does not fill.
    child.stderr.resume();
  }

  async stop(): Promise<void> {
    if (this.#child?.kill()) await once(this.#child, 'exit');
    rmSync(this.#directory, { recursive: true });
  }

  /** Forwards a request to the registry. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    const { method, url, headers } = request;
    const forwarded = sendRequest(
      { host: '127.0.0.1', port: this.#port, method, path: url, headers },
      (reply) => {
        response.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(response);
      },
    );
    forwarded.once('error', () => response.destroy());
    request.pipe(forwarded);
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#port}${path}`, init);
  }

  async hasTag(repository: string, tag: string): Promise<boolean> {
    return (await this.fetch(`/v2/${repository}/manifests/${tag}`, { method: 'HEAD' })).ok;
  }
}
