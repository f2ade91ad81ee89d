import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const module = fileURLToPath(new URL('registry', import.meta.url));
const program = 'github.com/google/go-containerregistry/cmd/registry';

/** Why these tests cannot run: everything that is missing, and how to get it. */
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

/** A real OCI registry on loopback, in memory, built from its Go module. It lets everybody in: `serve` is its gate. */
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
    if (this.#port === 0) throw new Error('the registry ended before it served');
    // Its log of requests must not fill the pipe.
    child.stderr.resume();
  }

  async stop(): Promise<void> {
    if (this.#child?.kill()) await once(this.#child, 'exit');
    rmSync(this.#directory, { recursive: true });
  }

  /** Hands a request on. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    const { method, url, headers } = request;
    const onward = forward({ host: '127.0.0.1', port: this.#port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.once('error', () => response.destroy());
    request.pipe(onward);
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#port}${path}`, init);
  }

  async holds(repository: string, tag: string): Promise<boolean> {
    return (await this.fetch(`/v2/${repository}/manifests/${tag}`, { method: 'HEAD' })).ok;
  }
}
