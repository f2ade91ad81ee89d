import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';

const Input = z.object({ logGroupName: z.string(), retentionInDays: z.number().optional() });

/** A fake of CloudWatch Logs on loopback that only creates log groups and sets their retention. It makes clients, too. */
export class FakeLogs {
  /** The retention of each log group; undefined keeps entries forever. */
  readonly groups = new Map<string, number | undefined>();
  /** The error of the next calls, and of how many. */
  failing: string | undefined;
  failures = Infinity;
  readonly #server = createServer((request, response) => {
    const operation = String(request.headers['x-amz-target']).replace('Logs_20140328.', '');
    void json(request).then((body) => {
      const type = this.#serve(operation, Input.parse(body));
      response.writeHead(type === undefined ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(type === undefined ? {} : { __type: type, message: operation }));
    });
  });

  static async start(): Promise<FakeLogs> {
    const fake = new FakeLogs();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  client(): CloudWatchLogsClient {
    const { port } = this.#server.address() as AddressInfo;
    return new CloudWatchLogsClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret' },
    });
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Does what an operation requests. @returns the name of its error, undefined when it succeeds. */
  #serve(operation: string, { logGroupName, retentionInDays }: z.infer<typeof Input>): string | undefined {
    if (this.failing !== undefined && this.failures > 0) {
      this.failures -= 1;
      return this.failing;
    }
    switch (operation) {
      case 'CreateLogGroup':
        if (this.groups.has(logGroupName)) return 'ResourceAlreadyExistsException';
        this.groups.set(logGroupName, undefined);
        return undefined;
      case 'PutRetentionPolicy':
        if (!this.groups.has(logGroupName)) return 'ResourceNotFoundException';
        this.groups.set(logGroupName, retentionInDays);
        return undefined;
      default:
        return 'UnknownOperationException';
    }
  }
}
