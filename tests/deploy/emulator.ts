import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startTokenReview, type TokenReview, type ReviewSettings } from '../harness/cluster/token-review.ts';
import { eventually } from '../harness/running-service.ts';
import { prepareVirtualEnvironment } from '../harness/python/environment.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const launcher = fileURLToPath(new URL('emulator/launcher.py', import.meta.url));
const port = 4566;

const setting = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run this by \`npm run test:deploy\``);
  return value;
};

/** The one EKS cluster of the emulator's account: the tests' own Kubernetes. */
export const clusterName = 'main';

/**
 * An AWS for as long as a test: ministack with AUTH=true, which our launcher completes, and the reviewer of the cluster's
 * EKS tokens, which asks the emulator's STS. Everything is inside the cluster's network namespace.
 */
export class Emulator {
  readonly url = `http://127.0.0.1:${port}`;
  /** The same, for pods. */
  readonly podUrl = `http://${setting('CLUSTER_ADDRESS')}:${port}`;
  readonly #directory: string;
  readonly #programs: string;
  readonly #log: number;
  readonly #entries: string;
  readonly #child: ChildProcess;
  #review: TokenReview | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
    this.#programs = prepareVirtualEnvironment(root, 'ministack');
    this.#entries = join(directory, 'access-entries.json');
    writeFileSync(this.#entries, '[]');
    const temporary = join(directory, 'emulator');
    mkdirSync(temporary);
    this.#log = openSync(this.logFile, 'w');
    this.#child = spawn(join(this.#programs, 'python'), [launcher], {
      env: {
        // Its functions run with the first node on the PATH.
        PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
        HOME: temporary,
        TMPDIR: temporary,
        PYTHONDONTWRITEBYTECODE: '1',
        GATEWAY_PORT: String(port),
        MINISTACK_HOST: '127.0.0.1',
        // Pods call it too; the network namespace holds nobody else.
        BIND_HOST: '0.0.0.0',
        LAMBDA_EXECUTOR: 'local',
        PERSIST_STATE: '0',
        AUTH: 'true',
        MINISTACK_ACCOUNT_ID: '000000000000',
        MINISTACK_REGION: 'us-east-1',
        EKS_CLUSTER: clusterName,
        EKS_ENDPOINT: `https://${setting('CLUSTER_ADDRESS')}`,
        EKS_CERTIFICATE_AUTHORITY: this.authorityFile,
        EKS_ACCESS_ENTRIES: this.#entries,
        // The tests' own issuer of tokens has a certificate of the cluster's authority.
        SSL_CERT_FILE: this.authorityFile,
        ...this.credentials,
      },
      stdio: ['ignore', this.#log, this.#log],
    });
  }

  static async start(directory: string): Promise<Emulator> {
    const emulator = new Emulator(directory);
    try {
      await eventually(async () => {
        if (emulator.#child.exitCode !== null) throw new Error(emulator.log);
        return (
          (await fetch(`${emulator.url}/_ministack/health`).catch(() => undefined))?.ok === true || undefined
        );
      }, 'an emulator that answers');
      emulator.#review = await startTokenReview(() => ({
        cluster: clusterName,
        sts: emulator.url,
        accessEntries: emulator.accessEntries,
      }));
      return emulator;
    } catch (error) {
      await emulator.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#review?.stop();
    if (this.#child.exitCode === null && this.#child.kill()) await once(this.#child, 'exit');
    closeSync(this.#log);
  }

  /** The owner of the account. */
  get credentials(): Record<string, string> {
    return { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  }

  /** What anybody needs to call it. */
  get environment(): Record<string, string> {
    return {
      ...this.credentials,
      PATH: process.env['PATH'] ?? '',
      HOME: this.#directory,
      AWS_ENDPOINT_URL: this.url,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  get authorityFile(): string {
    return join(setting('CLUSTER_DIRECTORY'), 'pki', 'ca.crt');
  }

  get logFile(): string {
    return join(this.#directory, 'emulator.log');
  }

  get log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** Whom the cluster lets in, by the stack's access entries. */
  get accessEntries(): ReviewSettings['accessEntries'] {
    return JSON.parse(readFileSync(this.#entries, 'utf8')) as ReviewSettings['accessEntries'];
  }

  /** The reasons why tokens were rejected. */
  get rejections(): string[] {
    return this.#review?.rejections ?? [];
  }

  /** A call by the real AWS CLI. @returns its answer. @throws with the CLI's own words. */
  async aws<Answer>(...parameters: string[]): Promise<Answer> {
    const program = join(prepareVirtualEnvironment(root), 'aws');
    const { stdout } = await run(program, [...parameters, '--output', 'json', '--endpoint-url', this.url], {
      env: { ...this.environment, AWS_PAGER: '' },
    });
    return (stdout.trim() === '' ? {} : JSON.parse(stdout)) as Answer;
  }
}
