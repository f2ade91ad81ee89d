import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import * as z from 'zod';

/** An answer as CloudFormation reads it: its user guide's "Custom resource response objects", and nothing besides. */
export const Answer = z.strictObject({
  Status: z.enum(['SUCCESS', 'FAILED']),
  Reason: z.string().min(1).optional(),
  PhysicalResourceId: z.string().min(1).max(1024),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  Data: z.record(z.string(), z.string()).optional(),
});
export type Answer = z.infer<typeof Answer>;

export interface Tls {
  key: Buffer;
  cert: Buffer;
}

export const stackId = 'arn:aws:cloudformation:eu-central-1:123456789012:stack/eks-jobs-dev/5e2f';

/** CloudFormation's side of a custom resource: makes requests, and takes the one answer to each at its pre-signed address. */
export class CloudFormation {
  /** The statuses that the next tries to answer get instead of 200. */
  faults: number[] = [];
  tries = 0;
  readonly #answers: Answer[] = [];
  readonly #server;
  readonly #protocol: string;

  private constructor(tls?: Tls) {
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#take(request, response);
    };
    this.#protocol = tls ? 'https' : 'http';
    this.#server = tls ? createHttpsServer(tls, take) : createHttpServer(take);
  }

  /** @param tls the address is then https, as in production. */
  static async start(tls?: Tls): Promise<CloudFormation> {
    const receiver = new CloudFormation(tls);
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** A request; every property arrives as a string, whatever the template has. */
  request(type: 'Create' | 'Update' | 'Delete', properties: Record<string, unknown>, id?: string): object {
    const { port } = this.#server.address() as AddressInfo;
    return {
      RequestType: type,
      RequestId: 'request-1',
      ResponseURL: `${this.#protocol}://127.0.0.1:${port}/answer?X-Amz-Signature=abc%2Fd`,
      ResourceType: 'Custom::ClusterSetup',
      LogicalResourceId: 'ClusterSetup',
      StackId: stackId,
      ...(id !== undefined && { PhysicalResourceId: id }),
      ResourceProperties: { ServiceToken: 'arn:aws:lambda:x', ServiceTimeout: '900', ...properties },
    };
  }

  /** The one answer that came since the last was taken. */
  answer(): Answer {
    const [answer, ...others] = this.#answers.splice(0);
    if (answer === undefined || others.length > 0) throw new Error(`${others.length} answers, not one`);
    return answer;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    this.tries += 1;
    const fault = this.faults.shift();
    // S3 refuses what was not signed: another method or query, a content type; and a body of no known length.
    const { 'content-type': type = '', 'content-length': length } = request.headers;
    const signed =
      request.method === 'PUT' && request.url === '/answer?X-Amz-Signature=abc%2Fd' && type === '';
    if (fault !== undefined || !signed || Number(length) > 4096 || length === undefined) {
      response.writeHead(fault ?? 403).end();
      return;
    }
    this.#answers.push(Answer.parse(JSON.parse(body)));
    response.writeHead(200).end();
  }
}
