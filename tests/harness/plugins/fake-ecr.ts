import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** A repository as the API describes it, with its tags and its lifecycle policy. */
export interface FakeRepository {
  repositoryName: string;
  repositoryArn: string;
  repositoryUri: string;
  imageTagMutability: string;
  imageScanningConfiguration: { scanOnPush: boolean };
  tags: { Key: string; Value: string }[];
  lifecyclePolicyText?: string;
}

type Input = Record<string, unknown>;

/** An error that the API returns. */
class EcrError extends Error {
  override readonly name: string;
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/**
 * The part of Amazon ECR's API (version 2015-09-21, JSON 1.1) that the plugin uses, on loopback, with the errors of its
 * reference. It does not store images: `hasTag` reports which tags exist.
 */
export class FakeEcr {
  readonly repositories = new Map<string, FakeRepository>();
  /** The operations called so far. */
  readonly calls: string[] = [];
  /** The operations that fail as for a role without the permission. */
  readonly denied = new Set<string>();
  password = 'a-password-of-twelve-hours';
  /** Whether the registry has a tag. */
  hasTag: (repository: string, tag: string) => Promise<boolean> | boolean = () => false;
  /** Serves requests that are not calls of the API. A test can forward them to a registry. */
  serveOther: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => {
    response.writeHead(404).end();
  };

  readonly #server: Server = createServer((request, response) => {
    const operation = /^AmazonEC2ContainerRegistry_V20150921\.(\w+)$/.exec(
      String(request.headers['x-amz-target']),
    )?.[1];
    if (operation === undefined) this.serveOther(request, response);
    else void this.#call(operation, request, response);
  });

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** The server's host and port. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The environment variables with which a client calls this API. */
  get environment(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL: `http://${this.host}`,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  async #call(operation: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.calls.push(operation);
    try {
      const input = (await json(request)) as Input;
      if (this.denied.has(operation)) {
        throw new EcrError('AccessDeniedException', `User is not authorized to perform: ecr:${operation}`);
      }
      const work = this.#operations[operation];
      if (work === undefined) throw new EcrError('UnknownOperationException', operation);
      const output = JSON.stringify(await work(input));
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(output);
    } catch (error) {
      if (!(error instanceof EcrError)) throw error;
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify({ __type: error.name, message: error.message }));
    }
  }

  #repository(name: unknown): FakeRepository {
    const repository = this.repositories.get(String(name));
    if (repository !== undefined) return repository;
    throw new EcrError(
      'RepositoryNotFoundException',
      `The repository with name '${String(name)}' does not exist in the registry with id '111122223333'`,
    );
  }

  readonly #operations: Record<string, (input: Input) => unknown> = {
    DescribeRepositories: ({ repositoryNames }) => ({
      repositories: (repositoryNames as string[]).map((name) => this.#repository(name)),
    }),
    CreateRepository: (input) => {
      const repositoryName = String(input['repositoryName']);
      const repository = {
        repositoryName,
        repositoryArn: `arn:aws:ecr:eu-west-1:111122223333:repository/${repositoryName}`,
        repositoryUri: `${this.host}/${repositoryName}`,
        imageTagMutability: 'MUTABLE',
        imageScanningConfiguration: { scanOnPush: false },
        tags: [],
        ...input,
      };
      this.repositories.set(repositoryName, repository);
      return { repository };
    },
    DeleteRepository: ({ repositoryName, force }) => {
      const repository = this.#repository(repositoryName);
      if (force !== true) throw new EcrError('RepositoryNotEmptyException', 'it contains images');
      this.repositories.delete(repository.repositoryName);
      return { repository };
    },
    DescribeImages: async ({ repositoryName, imageIds }) => {
      const { repositoryName: name } = this.#repository(repositoryName);
      const [{ imageTag } = { imageTag: '' }] = imageIds as { imageTag: string }[];
      if (await this.hasTag(name, imageTag)) return { imageDetails: [{ imageTags: [imageTag] }] };
      throw new EcrError(
        'ImageNotFoundException',
        `The image with imageId {imageTag:'${imageTag}'} does not exist`,
      );
    },
    ListTagsForResource: ({ resourceArn }) => ({
      tags: [...this.repositories.values()].find(({ repositoryArn }) => repositoryArn === resourceArn)?.tags,
    }),
    PutImageTagMutability: ({ repositoryName, imageTagMutability }) =>
      Object.assign(this.#repository(repositoryName), { imageTagMutability }),
    PutImageScanningConfiguration: ({ repositoryName, imageScanningConfiguration }) =>
      Object.assign(this.#repository(repositoryName), { imageScanningConfiguration }),
    PutLifecyclePolicy: ({ repositoryName, lifecyclePolicyText }) =>
      Object.assign(this.#repository(repositoryName), { lifecyclePolicyText }),
    GetLifecyclePolicy: ({ repositoryName }) => {
      const { lifecyclePolicyText } = this.#repository(repositoryName);
      if (lifecyclePolicyText !== undefined) return { repositoryName, lifecyclePolicyText };
      throw new EcrError('LifecyclePolicyNotFoundException', 'Lifecycle policy does not exist');
    },
    GetAuthorizationToken: () => ({
      authorizationData: [
        {
          authorizationToken: Buffer.from(`AWS:${this.password}`).toString('base64'),
          proxyEndpoint: `http://${this.host}`,
        },
      ],
    }),
  };
}
