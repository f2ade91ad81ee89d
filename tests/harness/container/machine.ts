import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stats } from '../../../api/responses/service.ts';
import { sumStats } from '../../../api/stats.ts';
import { DynamoJobStore } from '../../../jobs/aws/job-store.ts';
import { executionFence } from '../../../jobs/execution.ts';
import { newJobId } from '../../../jobs/ids.ts';
import { inputKey, jobKey, limits, openPartition, shardOf } from '../../../jobs/protocol.ts';
import type { JobRecord } from '../../../jobs/record.ts';
import { settle } from '../../../jobs/settle.ts';
import { buildDataProcessor } from '../../../image/cargo.ts';
import { ensureTable, type LocalDynamoDB, startDynamoDB } from '../../../local/aws/dynamodb/dynamodb.ts';
import { installDynoxide } from '../../../local/aws/dynamodb/install.ts';
import { readTable } from '../../../local/service-definition.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const table = 'jobs';
const region = 'us-east-1';
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/**
 * A real table, and the real container as the state machine starts it. Methods do what the states Register and Settle of
 * the state machine do.
 */
export class Machine {
  readonly store: DynamoJobStore;
  readonly endpoint: string;
  readonly #binary: string;
  readonly #dynamodb: LocalDynamoDB;
  readonly #directory: string;
  readonly #client: DynamoDBClient;

  private constructor(binary: string, dynamodb: LocalDynamoDB, directory: string) {
    this.#binary = binary;
    this.#directory = directory;
    this.#dynamodb = dynamodb;
    this.endpoint = dynamodb.endpoint;
    this.#client = new DynamoDBClient({ endpoint: dynamodb.endpoint, region, credentials });
    this.store = new DynamoJobStore(this.#client, table);
  }

  /** @param program the container's program; by default the one of `npm start`. */
  static async start(port: number, program?: string): Promise<Machine> {
    const binary = program ?? (await buildDataProcessor(root));
    const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-table-'));
    const database = join(directory, 'dynamodb.sqlite');
    const dynamodb = await startDynamoDB(await installDynoxide(), port, database, () => undefined);
    const { table: definition, timeToLive } = readTable(root, table);
    await ensureTable(dynamodb.endpoint, definition, timeToLive);
    return new Machine(binary, dynamodb, directory);
  }

  async stop(): Promise<void> {
    this.#client.destroy();
    await this.#dynamodb.stop();
    rmSync(this.#directory, { recursive: true });
  }

  /** Writes a job as the state Register does. @returns the job's id. */
  async register(input: object, maxAttempts: number = limits.machineAttempts): Promise<string> {
    const jobId = newJobId();
    const createdAt = new Date().toISOString();
    const job = {
      ...jobKey(jobId),
      jobId,
      owner: 'local',
      origin: 'api',
      status: 'QUEUED',
      execution: fenceOf(jobId, createdAt),
      maxAttempts,
      timeoutSeconds: 60,
      createdAt,
      createdAtId: `${createdAt}#${jobId}`,
      open: openPartition(shardOf(jobId)),
    };
    await this.store.write([{ put: job }, { put: { ...inputKey(jobId), json: JSON.stringify(input) } }]);
    return jobId;
  }

  /**
   * Starts a container for one try with the environment of the manifest. Its table is at `endpoint`.
   * @param environment replaces variables; an empty value is as if the variable was absent.
   */
  container(
    jobId: string,
    attempt: number,
    endpoint: string,
    maxAttempts: number = limits.machineAttempts,
    environment: Readonly<Record<string, string>> = {},
  ): ChildProcess {
    const child = spawn(this.#binary, [], {
      env: {
        JOB_ID: jobId,
        ATTEMPT: String(attempt),
        MAX_ATTEMPTS: String(maxAttempts),
        TIMEOUT_SECONDS: '60',
        BEAT_SECONDS: '0.2',
        TABLE_NAME: table,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_ENDPOINT_URL_DYNAMODB: endpoint,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    // The log flows also if a test does not read it: a full pipe would stop the container.
    child.stdout.resume();
    return child;
  }

  /** Runs the program's `check` on a table of this name. @returns its exit code and its output. */
  async check(tableName: string = table): Promise<{ code: number | null; output: string }> {
    const child = spawn(this.#binary, ['check'], {
      env: {
        TABLE_NAME: tableName,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_ENDPOINT_URL: this.endpoint,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    }
    await once(child, 'close');
    return { code: child.exitCode, output };
  }

  /** Settles a job as the state Settle does after this many tries. */
  async settle(jobId: string, tries: number): Promise<void> {
    const record = await this.record(jobId);
    await settle(
      { jobId, execution: record.job.execution, status: 'RUNNING' },
      {
        store: this.store,
        executions: {
          describe: () => Promise.resolve(undefined),
          tries: () => Promise.resolve({ tries: Array.from({ length: tries }, () => ({})) }),
        },
        cluster: { deleteJobs: () => Promise.resolve() },
        now: () => new Date(),
      },
    );
  }

  async record(jobId: string): Promise<JobRecord> {
    const record = await this.store.read(jobId, Date.now());
    if (!record) throw new Error(`job ${jobId} is not in the table`);
    return record;
  }

  async stats(): Promise<Stats> {
    return sumStats(await this.store.counters());
  }
}

const fenceOf = (jobId: string, startedAt: string): string =>
  executionFence(`arn:aws:states:${region}:000000000000:execution:run-job:${jobId}`, startedAt);

/** Waits until a container ends. @returns its exit code, or null if a signal ended it. */
export async function exitOf(container: ChildProcess): Promise<number | null> {
  if (container.exitCode === null && container.signalCode === null) await once(container, 'exit');
  return container.exitCode;
}
