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

/** Reads an environment variable that `npm run cluster` sets. */
const clusterVariable = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run this by \`npm run test:deploy\``);
  return value;
};

/** The name of the only EKS cluster of the emulator's account, which is the tests' Kubernetes. */
export const clusterName = 'main';

/**
 * An emulated AWS: ministack with AUTH=true, which our launcher completes, and the reviewer of the cluster's EKS tokens,
 * which calls the emulator's STS. Everything runs in the cluster's network namespace.
 */
export class Emulator {
  readonly url = `http://127.0.0.1:${port}`;
  /** The emulator's URL for pods. */
  readonly podUrl = `http://${clusterVariable('CLUSTER_ADDRESS')}:${port}`;
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
        // Lambda functions run with the first `node` on the PATH.
        PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
        HOME: temporary,
        TMPDIR: temporary,
        PYTHONDONTWRITEBYTECODE: '1',
        GATEWAY_PORT: String(port),
        MINISTACK_HOST: '127.0.0.1',
        // Pods call it, too. The network namespace isolates it from other networks.
        BIND_HOST: '0.0.0.0',
        LAMBDA_EXECUTOR: 'local',
        PERSIST_STATE: '0',
        AUTH: 'true',
        MINISTACK_ACCOUNT_ID: '000000000000',
        MINISTACK_REGION: 'us-east-1',
        EKS_CLUSTER: clusterName,
        EKS_ENDPOINT: `https://${clusterVariable('CLUSTER_ADDRESS')}`,
        EKS_CERTIFICATE_AUTHORITY: this.authorityFile,
        EKS_ACCESS_ENTRIES: this.#entries,
        // The certificate of the tests' token issuer is signed by the cluster's authority.
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
      }, 'a response of the emulator');
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

  /** The credentials of the account's owner. */
  get credentials(): Record<string, string> {
    return { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  }

  /** The environment variables with which a client calls the emulator. */
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
    return join(clusterVariable('CLUSTER_DIRECTORY'), 'pki', 'ca.crt');
  }

  get logFile(): string {
    return join(this.#directory, 'emulator.log');
  }

  get log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** The access entries of the cluster, which the stack creates. */
  get accessEntries(): ReviewSettings['accessEntries'] {
    return JSON.parse(readFileSync(this.#entries, 'utf8')) as ReviewSettings['accessEntries'];
  }

  /** The reasons why tokens were rejected. */
  get rejections(): string[] {
    return this.#review?.rejections ?? [];
  }

  /** Calls the emulator with the real AWS CLI. @returns the response. @throws Error with the CLI's message. */
  async aws<Output>(...parameters: string[]): Promise<Output> {
    const program = join(prepareVirtualEnvironment(root), 'aws');
    const { stdout } = await run(program, [...parameters, '--output', 'json', '--endpoint-url', this.url], {
      env: { ...this.environment, AWS_PAGER: '' },
    });
    return (stdout.trim() === '' ? {} : JSON.parse(stdout)) as Output;
  }
}
