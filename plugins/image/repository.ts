import {
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  type ECRClientConfig,
  GetAuthorizationTokenCommand,
  GetLifecyclePolicyCommand,
  ListTagsForResourceCommand,
  PutImageScanningConfigurationCommand,
  PutImageTagMutabilityCommand,
  PutLifecyclePolicyCommand,
  type Repository as Description,
} from '@aws-sdk/client-ecr';
import type { Credentials } from '../../image/login.ts';
import { UserError } from '../../lib/user-error.ts';
import { called, explained } from './failure.ts';

/** The tag by which a repository is known as ours, to be changed and removed. */
const owner = 'eks-jobs:stack';

/** Far more deploys than `sls rollback` goes back to (five); an image is some 10 MB. */
const imagesKept = 30;

/** Untagged images are what a push that did not end left. */
const lifecycle = {
  rules: [
    {
      rulePriority: 1,
      description: 'Remains of pushes that did not end',
      selection: { tagStatus: 'untagged', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 1 },
      action: { type: 'expire' },
    },
    {
      rulePriority: 2,
      description: 'The images of the last deploys',
      selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: imagesKept },
      action: { type: 'expire' },
    },
  ],
};
const lifecyclePolicyText = JSON.stringify(lifecycle);

/** What happened to a repository that should go. */
export type Removal = 'removed' | 'absent' | 'not ours';

/** One stage's repository in Amazon ECR. Every method throws UserError when ECR refuses, saying what to look at. */
export class Repository {
  readonly #client: ECRClient;

  readonly name: string;

  constructor(name: string, configuration: ECRClientConfig) {
    this.name = name;
    this.#client = new ECRClient(configuration);
  }

  /**
   * Makes the repository where it is missing, and keeps one of ours as it should be: tags that never change, a scan
   * on push, a lifecycle. One that somebody else made is used as it is.
   * @returns its address, without a tag, and whether it was made.
   */
  ensure(): Promise<{ uri: string; made: boolean; ours: boolean }> {
    return explained(async () => {
      const found = await this.#describe();
      if (found === undefined) return { uri: uriOf(await this.#make()), made: true, ours: true };
      const ours = await this.#isOurs(found);
      if (ours) await this.#correct(found);
      return { uri: uriOf(found), made: false, ours };
    });
  }

  /** Whether the repository is there and holds an image of that tag. */
  has(tag: string): Promise<boolean> {
    return explained(async () => {
      try {
        const imageIds = [{ imageTag: tag }];
        await this.#client.send(new DescribeImagesCommand({ repositoryName: this.name, imageIds }));
        return true;
      } catch (error) {
        if (called(error, 'ImageNotFoundException') || called(error, 'RepositoryNotFoundException'))
          return false;
        throw error;
      }
    });
  }

  /**
   * A password for twelve hours at most.
   * @param uri of the repository, whose host the password is for.
   */
  credentials(uri: string): Promise<Credentials> {
    return explained(async () => {
      const { authorizationData } = await this.#client.send(new GetAuthorizationTokenCommand({}));
      const token = Buffer.from(authorizationData?.[0]?.authorizationToken ?? '', 'base64').toString();
      const [user = '', password = ''] = token.split(/:(.*)/s);
      if (password === '') throw new UserError('ECR gave no password to push with');
      return { registry: uri.split('/')[0] ?? '', user, password };
    });
  }

  /** Removes the repository with its images, if it is ours. */
  remove(): Promise<Removal> {
    return explained(async () => {
      const found = await this.#describe();
      if (found === undefined) return 'absent';
      if (!(await this.#isOurs(found))) return 'not ours';
      await this.#client.send(new DeleteRepositoryCommand({ repositoryName: this.name, force: true }));
      return 'removed';
    });
  }

  async #describe(): Promise<Description | undefined> {
    try {
      const names = { repositoryNames: [this.name] };
      const { repositories } = await this.#client.send(new DescribeRepositoriesCommand(names));
      return repositories?.[0];
    } catch (error) {
      if (called(error, 'RepositoryNotFoundException')) return undefined;
      throw error;
    }
  }

  async #make(): Promise<Description | undefined> {
    const { repository } = await this.#client.send(
      new CreateRepositoryCommand({
        repositoryName: this.name,
        imageTagMutability: 'IMMUTABLE',
        imageScanningConfiguration: { scanOnPush: true },
        tags: [{ Key: owner, Value: this.name }],
      }),
    );
    await this.#client.send(
      new PutLifecyclePolicyCommand({ repositoryName: this.name, lifecyclePolicyText }),
    );
    return repository;
  }

  async #isOurs({ repositoryArn }: Description): Promise<boolean> {
    const { tags } = await this.#client.send(new ListTagsForResourceCommand({ resourceArn: repositoryArn }));
    return tags?.some(({ Key, Value }) => Key === owner && Value === this.name) ?? false;
  }

  async #correct({ imageTagMutability, imageScanningConfiguration }: Description): Promise<void> {
    const repositoryName = this.name;
    if (imageTagMutability !== 'IMMUTABLE') {
      const mutability = { repositoryName, imageTagMutability: 'IMMUTABLE' } as const;
      await this.#client.send(new PutImageTagMutabilityCommand(mutability));
    }
    if (imageScanningConfiguration?.scanOnPush !== true) {
      const scanning = { repositoryName, imageScanningConfiguration: { scanOnPush: true } };
      await this.#client.send(new PutImageScanningConfigurationCommand(scanning));
    }
    if ((await this.#lifecycle()) !== lifecyclePolicyText) {
      await this.#client.send(new PutLifecyclePolicyCommand({ repositoryName, lifecyclePolicyText }));
    }
  }

  async #lifecycle(): Promise<string | undefined> {
    try {
      const { lifecyclePolicyText: text } = await this.#client.send(
        new GetLifecyclePolicyCommand({ repositoryName: this.name }),
      );
      return text === undefined ? undefined : JSON.stringify(JSON.parse(text));
    } catch (error) {
      if (called(error, 'LifecyclePolicyNotFoundException')) return undefined;
      throw error;
    }
  }
}

function uriOf(repository: Description | undefined): string {
  if (repository?.repositoryUri !== undefined) return repository.repositoryUri;
  throw new UserError('ECR gave no address of the repository');
}
