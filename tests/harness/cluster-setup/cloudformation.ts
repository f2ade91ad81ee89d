import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import * as z from 'zod';

/** The response that CloudFormation accepts (user guide, "Custom resource response objects"), without further fields. */
export const ReceivedResponse = z.strictObject({
  Status: z.enum(['SUCCESS', 'FAILED']),
  Reason: z.string().min(1).optional(),
  PhysicalResourceId: z.string().min(1).max(1024),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  Data: z.record(z.string(), z.string()).optional(),
});
export type ReceivedResponse = z.infer<typeof ReceivedResponse>;

export interface Tls {
  key: Buffer;
  cert: Buffer;
}

export const stackId = 'arn:aws:cloudformation:eu-central-1:123456789012:stack/eks-jobs-dev/5e2f';

/**
 * A fake of CloudFormation for a custom resource: makes requests, and receives the response to each at its pre-signed
 * address.
 */
export class CloudFormation {
  /** The HTTP statuses that the next tries to send a response get instead of 200. */
  faults: number[] = [];
  tries = 0;
  readonly #responses: ReceivedResponse[] = [];
  readonly #server;
  readonly #protocol: string;

  private constructor(tls?: Tls) {
    const receive = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#receive(request, response);
    };
    this.#protocol = tls ? 'https' : 'http';
    this.#server = tls ? createHttpsServer(tls, receive) : createHttpServer(receive);
  }

  /** @param tls a certificate; the address is then https, as in production. */
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

  /** Makes a request. CloudFormation sends every property as a string, whatever its type in the template. */
  request(type: 'Create' | 'Update' | 'Delete', properties: Record<string, unknown>, id?: string): object {
    const { port } = this.#server.address() as AddressInfo;
    return {
      RequestType: type,
      RequestId: 'request-1',
      ResponseURL: `${this.#protocol}://127.0.0.1:${port}/response?X-Amz-Signature=abc%2Fd`,
      ResourceType: 'Custom::ClusterSetup',
      LogicalResourceId: 'ClusterSetup',
      StackId: stackId,
      ...(id !== undefined && { PhysicalResourceId: id }),
      ResourceProperties: { ServiceToken: 'arn:aws:lambda:x', ServiceTimeout: '900', ...properties },
    };
  }

  /** Returns and removes the received response. @throws Error unless exactly one was received. */
  takeResponse(): ReceivedResponse {
    const responses = this.#responses.splice(0);
    const [response] = responses;
    if (response === undefined || responses.length > 1)
      throw new Error(`${responses.length} responses, not one`);
    return response;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    this.tries += 1;
    const fault = this.faults.shift();
    // S3 rejects what was not signed (another method or query, a content type) and a body of unknown length.
    const { 'content-type': type = '', 'content-length': length } = request.headers;
    const signed =
      request.method === 'PUT' && request.url === '/response?X-Amz-Signature=abc%2Fd' && type === '';
    if (fault !== undefined || !signed || Number(length) > 4096 || length === undefined) {
      response.writeHead(fault ?? 403).end();
      return;
    }
    this.#responses.push(ReceivedResponse.parse(JSON.parse(body)));
    response.writeHead(200).end();
  }
}
