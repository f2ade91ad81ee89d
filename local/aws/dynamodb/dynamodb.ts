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

/** A DynamoDB that runs as a child process, and ends with this process. */
export interface LocalDynamoDB {
  endpoint: string;
  /** @throws UserError when it does not respond. */
  check(): Promise<void>;
  stop(): Promise<void>;
}

/** How long DynamoDB may take to start, and to respond to a check: milliseconds. */
const startTimeout = 10_000;
const checkTimeout = 2000;

/**
 * Starts dynoxide on a loopback port.
 * @param onExit called when it ends unexpectedly.
 * @throws UserError when it does not respond within ten seconds.
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
  // In a separate process group: Ctrl-C in the terminal must not end it before the jobs have recorded their interruption.
  const child = spawn('sh', [supervisor, ...command], { detached: true, stdio: ['pipe', 'ignore', 'pipe'] });
  let errorOutput = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errorOutput = (errorOutput + chunk.toString()).slice(-2000);
  });
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code) => {
      resolve(`DynamoDB (dynoxide) ended with exit code ${code ?? 'none'}: ${errorOutput.trim()}`);
    });
  });
  let stopping = false;
  void exited.then((reason) => {
    if (!stopping) onExit(reason);
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await Promise.race([
    waitForResponse(endpoint, startTimeout),
    exited.then((reason) => Promise.reject(new UserError(reason))),
  ]);
  return {
    endpoint,
    check: () => waitForResponse(endpoint, checkTimeout),
    stop: async () => {
      stopping = true;
      // The supervisor passes the signal on and waits.
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Creates a client with placeholder credentials: dynoxide does not check them, but the client requires them. */
const openClient = (endpoint: string, maxAttempts = 3): DynamoDBClient =>
  new DynamoDBClient({
    endpoint,
    maxAttempts,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });

async function waitForResponse(endpoint: string, timeout: number): Promise<void> {
  const client = openClient(endpoint, 1);
  try {
    await pRetry(() => client.send(new ListTablesCommand({ Limit: 1 })), {
      retries: Infinity,
      minTimeout: 20,
      factor: 1,
      maxRetryTime: timeout,
    });
  } catch {
    throw new UserError('DynamoDB (dynoxide) does not respond');
  } finally {
    client.destroy();
  }
}

/** Creates the table of resources/table.yml, if it does not exist. */
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
