import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pRetry from 'p-retry';
import type { Stats } from '../../api/responses/service.ts';
import type { JobView } from '../../api/responses/job.ts';
import { type Grant, issueToken, openSigningKey } from '../../local/aws/api-gateway/local-issuer.ts';
import { signingKeyIn } from '../../local/state-directory.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Long enough for a slow machine under load; a test that waits this long has failed. Milliseconds. */
const usualPatience = 60_000;

/** Asks again and again until the answer is one. @throws the last reason when patience (milliseconds) ends. */
export async function eventually<Value>(
  ask: () => Promise<Value | undefined> | Value | undefined,
  what: string,
  patience = usualPatience,
): Promise<Value> {
  return pRetry(
    async () => {
      const value = await ask();
      if (value === undefined) throw new Error(`never happened: ${what}`);
      return value;
    },
    { retries: Infinity, minTimeout: 20, maxTimeout: 100, maxRetryTime: patience },
  );
}

export interface Answer<Body> {
  status: number;
  headers: Headers;
  body: Body;
}

/** What a test may choose; the rest is as a user has it, on free ports and in a directory of its own. */
export interface StartOptions {
  arguments?: string[];
  environment?: Record<string, string>;
  stateDirectory?: string;
  port?: number;
  /** The time at which EventBridge Scheduler's clock stands still, until `setClock` moves it. */
  clock?: string;
}

/** The API as one caller has it: with a token, or without. */
export class Client {
  readonly port: number;
  readonly #token: string | undefined;

  constructor(port: number, token?: string) {
    this.port = port;
    this.#token = token;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async request<Body>(method: string, path: string, init: RequestInit = {}): Promise<Answer<Body>> {
    const headers = new Headers(init.headers);
    if (this.#token !== undefined) headers.set('authorization', `Bearer ${this.#token}`);
    const response = await fetch(`${this.url}${path}`, { method, ...init, headers });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
  }

  /** Posts a job. @returns its id. */
  async post(job: object = {}): Promise<string> {
    const body = JSON.stringify(job);
    const answer = await this.request<{ jobId: string }>('POST', '/jobs', { body });
    if (answer.status !== 202) throw new Error(`POST /jobs: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.jobId;
  }

  async job(jobId: string): Promise<JobView> {
    return (await this.request<JobView>('GET', `/jobs/${jobId}`)).body;
  }

  /** Waits until a job has ended, at most so many milliseconds. */
  async ended(jobId: string, patience?: number): Promise<JobView> {
    return eventually(
      async () => {
        const job = await this.job(jobId);
        return ['SUCCEEDED', 'FAILED', 'CANCELLED', 'TIMED_OUT'].includes(job.status) ? job : undefined;
      },
      `the end of job ${jobId}`,
      patience,
    );
  }

  async stats(): Promise<Stats> {
    return (await this.request<Stats>('GET', '/jobs/stats')).body;
  }
}

/** `npm start` as a user has it: the real process, its real ports, its own state directory. */
export class RunningService extends Client {
  readonly stateDirectory: string;
  readonly #child: ChildProcess;
  #output = '';

  private constructor(child: ChildProcess, port: number, stateDirectory: string) {
    super(port);
    this.#child = child;
    this.stateDirectory = stateDirectory;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    }
  }

  /** Starts a service and waits until it says that it is ready. */
  static async start(options: StartOptions = {}): Promise<RunningService> {
    const service = await RunningService.launch(options);
    const exited = service.exit().then(() => {
      throw new Error(`npm start ended: ${service.#output}`);
    });
    const ready = Promise.race([
      exited,
      eventually(
        () => service.#output.includes('\nready') || service.#output.startsWith('ready') || undefined,
        'ready',
      ),
    ]);
    exited.catch(() => undefined);
    try {
      await ready;
      return service;
    } catch (error) {
      await service.stop();
      throw error;
    }
  }

  /** Starts a service without waiting; for those that must not become ready. */
  static async launch(options: StartOptions = {}): Promise<RunningService> {
    const port = options.port ?? (await freePorts());
    const stateDirectory = options.stateDirectory ?? mkdtempSync(join(tmpdir(), 'eks-jobs-state-'));
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        join(
          root,
          ...(options.clock === undefined
            ? ['local', 'start.ts']
            : ['tests', 'harness', 'start-with-clock.ts']),
        ),
        ...['--port', String(port), '--state-dir', stateDirectory],
        ...(options.arguments ?? []),
      ],
      {
        cwd: root,
        // Its own process group, so that a test can kill all of it as a closing terminal would.
        detached: true,
        // Short beats: what waits for a silent container waits for three of them.
        env: { ...process.env, BEAT_SECONDS: '0.5', SCHEDULER_TIME: options.clock, ...options.environment },
        stdio: [options.clock === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      },
    );
    return new RunningService(child, port, stateDirectory);
  }

  get stepFunctionsUrl(): string {
    return `http://127.0.0.1:${this.port + 1}`;
  }

  get dynamodbUrl(): string {
    return `http://127.0.0.1:${this.port + 2}`;
  }

  get schedulerUrl(): string {
    return `http://127.0.0.1:${this.port + 3}`;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Everything it has written so far. */
  get output(): string {
    return this.#output;
  }

  /** A token that a service with `--auth jwt` takes; alice's for reading and writing unless asked for otherwise. */
  async token(grant: Partial<Grant> = {}): Promise<string> {
    const key = await openSigningKey(signingKeyIn(this.stateDirectory));
    return issueToken(key, { sub: 'alice', scope: 'jobs:read jobs:write', seconds: 3600, ...grant });
  }

  /** Its API as the holder of such a token has it. */
  async as(sub: string, scope = 'jobs:read jobs:write'): Promise<Client> {
    return new Client(this.port, await this.token({ sub, scope }));
  }

  /** Moves the clock that schedules go by, of a service that was started with one. */
  setClock(now: string): void {
    this.#child.stdin?.write(`${now}\n`);
  }

  /** Sends a signal to the service's own process. */
  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Sends a signal to its whole process group. */
  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** Waits until the process has ended. @returns its exit code, null when a signal ended it. */
  async exit(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }

  /** Ends the service as Ctrl-C would, and forgets its state. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.kill('SIGTERM');
      await this.exit();
    }
    rmSync(this.stateDirectory, { recursive: true, force: true });
  }
}

/** A port that is free, and the three after it; below those that the kernel hands out to clients by itself. */
export async function freePorts(): Promise<number> {
  for (let round = 0; round < 100; round += 1) {
    const first = 20_000 + Math.floor(Math.random() * 3000) * 4;
    const free = await Promise.all([first, first + 1, first + 2, first + 3].map(isFree));
    if (free.every(Boolean)) return first;
  }
  throw new Error('no free ports in a hundred tries');
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen(port, '127.0.0.1', () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
