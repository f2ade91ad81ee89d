import type { IncomingMessage, ServerResponse } from 'node:http';
import { FakeEcr } from '../harness/plugins/fake-ecr.ts';
import { Registry } from './registry.ts';

/**
 * A fake of ECR's API with a real registry behind it. As ECR does, it requires ECR's password and does not allow a tag to
 * be changed.
 */
export class EcrWithRegistry extends FakeEcr {
  readonly registry = new Registry();
  /** The pushed images (repository:tag), in order. */
  pushed: string[] = [];
  /** Called before a tag is pushed. */
  beforePush: (path: string) => Promise<void> = () => Promise.resolve();

  override async start(): Promise<void> {
    await this.registry.start();
    await super.start();
    this.hasTag = (repository, tag) => this.registry.hasTag(repository, tag);
    this.serveOther = (request, response) => void this.#serveRegistry(request, response);
  }

  override async stop(): Promise<void> {
    await super.stop();
    await this.registry.stop();
  }

  async #serveRegistry(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.startsWith('/v2/') !== true) {
      // A request to another service of AWS.
      response.writeHead(400, { 'content-type': 'text/xml' });
      response.end(
        `<ErrorResponse><Error><Code>NotHere</Code><Message>${unknownService}</Message></Error></ErrorResponse>`,
      );
      return;
    }
    const expected = `Basic ${Buffer.from(`AWS:${this.password}`).toString('base64')}`;
    if (request.headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': `Basic realm="http://${this.host}/"` });
      response.end(errorBody('DENIED', 'Your authorization token is not valid.'));
      return;
    }
    const [, repository = '', tag = ''] = /^\/v2\/(.+)\/manifests\/([^:]+)$/.exec(request.url ?? '') ?? [];
    if (request.method === 'PUT' && tag !== '') {
      await this.beforePush(request.url ?? '');
      if (await this.registry.hasTag(repository, tag)) {
        const message = `The image tag '${tag}' already exists in the '${repository}' repository and cannot be overwritten because the tag is immutable.`;
        response.writeHead(400).end(errorBody('TAG_INVALID', message));
        return;
      }
      this.pushed.push(`${repository}:${tag}`);
    }
    this.registry.serve(request, response);
  }
}

/** The error message for requests to all other services of AWS. */
export const unknownService = 'This server has only ECR.';

const errorBody = (code: string, message: string): string => JSON.stringify({ errors: [{ code, message }] });
