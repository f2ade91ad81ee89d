import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  ListTablesCommand,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import pRetry from 'p-retry';
import { UserError } from '../../../lib/user-error.ts';

/** A DynamoDB that lives and dies with this process. */
export interface LocalDynamoDB {
  endpoint: string;
  /** @throws when it does not answer. */
  check(): Promise<void>;
  stop(): Promise<void>;
}

const startWithin = 10_000;

/**
 * Starts dynoxide on a loopback port.
 * @param onExit called when it ends although nobody stopped it.
 * @throws UserError when it does not answer within ten seconds.
 */
export async function startDynamoDB(
  binary: string,
  port: number,
  database: string,
  onExit: (reason: string) => void,
): Promise<LocalDynamoDB> {
  const supervisor = fileURLToPath(new URL('supervise.sh', import.meta.url));
  const command = [
    binary,
    'serve',
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--db-path',
    database,
    '--log',
    'quiet',
  ];
  // A process group of its own: Ctrl-C in the terminal must not end it before the jobs have said goodbye.
  const child = spawn('sh', [supervisor, ...command], { detached: true, stdio: ['pipe', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2000);
  });
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code) => {
      resolve(`DynamoDB (dynoxide) ended with exit code ${code ?? 'none'}: ${complaint.trim()}`);
    });
  });
  let stopping = false;
  void exited.then((reason) => {
    if (!stopping) onExit(reason);
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await Promise.race([
    answers(endpoint, startWithin),
    exited.then((reason) => Promise.reject(new UserError(reason))),
  ]);
  return {
    endpoint,
    check: () => answers(endpoint, 2000),
    stop: async () => {
      stopping = true;
      // The supervisor passes it on and waits.
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** dynoxide checks no credentials, but a client will not speak without some. */
const openClient = (endpoint: string, maxAttempts = 3): DynamoDBClient =>
  new DynamoDBClient({
    endpoint,
    maxAttempts,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });

async function answers(endpoint: string, within: number): Promise<void> {
  const client = openClient(endpoint, 1);
  try {
    await pRetry(() => client.send(new ListTablesCommand({ Limit: 1 })), {
      retries: Infinity,
      minTimeout: 20,
      factor: 1,
      maxRetryTime: within,
    });
  } catch {
    throw new UserError('DynamoDB (dynoxide) does not answer');
  } finally {
    client.destroy();
  }
}

/** Makes the table that resources/table.yml describes, unless it is there. */
export async function ensureTable(
  endpoint: string,
  table: CreateTableCommandInput,
  timeToLive: string,
): Promise<void> {
  const client = openClient(endpoint);
  try {
    await client.send(new CreateTableCommand(table));
    await client.send(
      new UpdateTimeToLiveCommand({
        TableName: table.TableName,
        TimeToLiveSpecification: { AttributeName: timeToLive, Enabled: true },
      }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  } finally {
    client.destroy();
  }
}
