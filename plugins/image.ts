import { UserError } from '../lib/user-error.ts';
import type { Hooks, Serverless, Writers } from './framework.ts';
import { ensureImage, tagOf } from './image/images.ts';
import { Repository } from './image/repository.ts';
import { readImageSettings, repositoryName, type ImageSettings } from './image/settings.ts';
import { expectedTag, nameGivenImage, nameImage, ownImage } from './image/template.ts';

/** The data of this stage outlives its stack, and so do its images. */
const keptStage = 'prod';

/**
 * Handles the jobs' image for `sls`: packaging names it in the template by its content, without an account or a builder;
 * deploying builds and pushes it, unless the repository contains it; removing the stage removes it. An image that the user names
 * (`--param image=URI`) is used as it is.
 */
export default class ImagePlugin {
  readonly hooks: Hooks;
  readonly #serverless: Serverless;
  readonly #writers: Writers;

  constructor(serverless: Serverless, _options: unknown, writers: Writers) {
    this.#serverless = serverless;
    this.#writers = writers;
    this.hooks = {
      'after:aws:package:finalize:mergeCustomProviderResources': () =>
        this.#reportUserError(() => {
          this.#package();
        }),
      'before:deploy:deploy': () => this.#reportUserError(() => this.#deploy()),
      'after:remove:remove': () => this.#reportUserError(() => this.#remove()),
    };
  }

  #package(): void {
    const settings = this.#settings();
    const template = this.#serverless.service.provider.compiledCloudFormationTemplate;
    if (settings.uri === '') nameImage(template, ownImage(this.#name(), tagOf(settings)));
    else nameGivenImage(template);
  }

  async #deploy(): Promise<void> {
    const tag = expectedTag(this.#serverless.service.provider.compiledCloudFormationTemplate);
    if (tag === undefined) return;
    const repository = await this.#repository();
    const bar = this.#writers.progress.get('image');
    const notice = (text: string): void => {
      this.#writers.log.notice(text);
    };
    const progress = (text: string): void => {
      bar.notice(text);
    };
    try {
      await interruptible((signal) =>
        ensureImage(repository, tag, this.#settings(), { progress, notice }, signal),
      );
    } finally {
      bar.remove();
    }
  }

  async #remove(): Promise<void> {
    const repository = await this.#repository();
    const { log } = this.#writers;
    if (this.#serverless.getProvider('aws').getStage() === keptStage) {
      log.notice(
        `The image repository ${repository.name}, if it exists, is kept, as the table is (${keptStage})`,
      );
      return;
    }
    const removal = await repository.remove();
    if (removal === 'removed') log.notice(`Image repository removed: ${repository.name}`);
    if (removal === 'foreign') {
      log.warning(`The image repository ${repository.name} is not this stack's own and was not removed`);
    }
  }

  #settings(): ImageSettings {
    return readImageSettings(this.#serverless.service.custom?.['image']);
  }

  #name(): string {
    return repositoryName(this.#serverless.service.service, this.#serverless.getProvider('aws').getStage());
  }

  async #repository(): Promise<Repository> {
    return new Repository(this.#name(), await this.#serverless.getProvider('aws').getAwsSdkV3Config());
  }

  /** Reports an error that the user can correct as one line; other errors keep their stack traces. */
  async #reportUserError(work: () => Promise<void> | void): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new this.#serverless.classes.Error(error.message, 'EKS_JOBS_IMAGE');
    }
  }
}

/** Runs work that Ctrl-C can interrupt: the builder ends first, and then its temporary files are removed. */
async function interruptible(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, stop);
  try {
    await work(stopping.signal);
  } catch (error) {
    if (stopping.signal.aborted) throw new UserError('interrupted; nothing was deployed');
    throw error;
  } finally {
    for (const name of signals) process.off(name, stop);
  }
}
