import type { IncomingMessage, ServerResponse } from 'node:http';
import { FakeEcr } from '../harness/plugins/fake-ecr.ts';
import { Registry } from './registry.ts';

/** ECR's API with a real registry behind it, which asks for ECR's password and never changes a tag, as ECR does. */
export class Ecr extends FakeEcr {
  readonly registry = new Registry();
  /** Tags that were pushed, in order. */
  pushed: string[] = [];
  /** Called when a tag is about to be pushed. */
  beforePush: (path: string) => Promise<void> = () => Promise.resolve();

  override async start(): Promise<void> {
    await this.registry.start();
    await super.start();
    this.holds = (repository, tag) => this.registry.holds(repository, tag);
    this.elsewhere = (request, response) => void this.#gate(request, response);
  }

  override async stop(): Promise<void> {
    await super.stop();
    await this.registry.stop();
  }

  async #gate(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.startsWith('/v2/') !== true) {
      // Another service of AWS.
      response.writeHead(400, { 'content-type': 'text/xml' });
      response.end(
        `<ErrorResponse><Error><Code>NotHere</Code><Message>${nowhere}</Message></Error></ErrorResponse>`,
      );
      return;
    }
    const expected = `Basic ${Buffer.from(`AWS:${this.password}`).toString('base64')}`;
    if (request.headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': `Basic realm="http://${this.host}/"` });
      response.end(refusal('DENIED', 'Your authorization token is not valid.'));
      return;
    }
    const [, repository = '', tag = ''] = /^\/v2\/(.+)\/manifests\/([^:]+)$/.exec(request.url ?? '') ?? [];
    if (request.method === 'PUT' && tag !== '') {
      await this.beforePush(request.url ?? '');
      if (await this.registry.holds(repository, tag)) {
        const message = `The image tag '${tag}' already exists in the '${repository}' repository and cannot be overwritten because the tag is immutable.`;
        response.writeHead(400).end(refusal('TAG_INVALID', message));
        return;
      }
      this.pushed.push(`${repository}:${tag}`);
    }
    this.registry.serve(request, response);
  }
}

/** What any other service of AWS says. */
export const nowhere = 'There is nothing but ECR here.';

const refusal = (code: string, message: string): string => JSON.stringify({ errors: [{ code, message }] });
