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
import { explainErrors, hasName } from './failure.ts';

/** The tag of a repository that this stack created, and may change and remove. */
const owner = 'eks-jobs:stack';

/** Many more deploys than `sls rollback` can restore (five); an image is some 10 MB. */
const imagesKept = 30;

/** Untagged images are the remains of pushes that did not end. */
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

/** The result of a removal; `foreign`: the stack did not create the repository, so that it stays. */
export type Removal = 'removed' | 'absent' | 'foreign';

/** One stage's repository in Amazon ECR. Every method throws UserError with advice when a call to ECR fails. */
export class Repository {
  readonly #client: ECRClient;

  readonly name: string;

  constructor(name: string, configuration: ECRClientConfig) {
    this.name = name;
    this.#client = new ECRClient(configuration);
  }

  /**
   * Creates the repository if it does not exist, and corrects the settings of one that this stack created: tags that never
   * change, a scan on push, a lifecycle. A repository that the stack did not create is used as it is.
   * @returns its address, without a tag, and whether it was created now and whether the stack owns it.
   */
  ensure(): Promise<{ uri: string; created: boolean; owned: boolean }> {
    return explainErrors(async () => {
      const found = await this.#describe();
      if (found === undefined) return { uri: uriOf(await this.#create()), created: true, owned: true };
      const owned = await this.#isOwned(found);
      if (owned) await this.#correct(found);
      return { uri: uriOf(found), created: false, owned };
    });
  }

  /** Tells whether the repository exists and contains an image of this tag. */
  has(tag: string): Promise<boolean> {
    return explainErrors(async () => {
      try {
        const imageIds = [{ imageTag: tag }];
        await this.#client.send(new DescribeImagesCommand({ repositoryName: this.name, imageIds }));
        return true;
      } catch (error) {
        if (hasName(error, 'ImageNotFoundException') || hasName(error, 'RepositoryNotFoundException'))
          return false;
        throw error;
      }
    });
  }

  /**
   * Requests a password, which is valid for twelve hours at most.
   * @param uri the address of the repository, for whose host the password is.
   */
  credentials(uri: string): Promise<Credentials> {
    return explainErrors(async () => {
      const { authorizationData } = await this.#client.send(new GetAuthorizationTokenCommand({}));
      const token = Buffer.from(authorizationData?.[0]?.authorizationToken ?? '', 'base64').toString();
      const [user = '', password = ''] = token.split(/:(.*)/s);
      if (password === '') throw new UserError('ECR did not return a password for the push');
      return { registry: uri.split('/')[0] ?? '', user, password };
    });
  }

  /** Removes the repository with its images, if this stack created it. */
  remove(): Promise<Removal> {
    return explainErrors(async () => {
      const found = await this.#describe();
      if (found === undefined) return 'absent';
      if (!(await this.#isOwned(found))) return 'foreign';
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
      if (hasName(error, 'RepositoryNotFoundException')) return undefined;
      throw error;
    }
  }

  async #create(): Promise<Description | undefined> {
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

  async #isOwned({ repositoryArn }: Description): Promise<boolean> {
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
      if (hasName(error, 'LifecyclePolicyNotFoundException')) return undefined;
      throw error;
    }
  }
}

function uriOf(repository: Description | undefined): string {
  if (repository?.repositoryUri !== undefined) return repository.repositoryUri;
  throw new UserError('ECR did not return the address of the repository');
}
