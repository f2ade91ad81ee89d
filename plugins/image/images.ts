import { fileURLToPath } from 'node:url';
import { contentKey, prebuiltKey } from '../../image/content.ts';
import { type Builder, findBuilder } from '../../image/builder.ts';
import { publishImage } from '../../image/publish.ts';
import { UserError } from '../../lib/user-error.ts';
import type { Repository } from './repository.ts';
import type { ImageSettings } from './settings.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Computes the tag of the image from its content: another function, Dockerfile or processor has another tag, and a tag is pushed once. */
export const tagOf = ({ architecture, prebuilt }: ImageSettings): string =>
  `${architecture}-${prebuilt ? `prebuilt-${prebuiltKey(root)}` : contentKey(root)}`;

/** Prints progress and results. */
export interface Reporter {
  progress: (text: string) => void;
  notice: (text: string) => void;
}

/**
 * Makes sure that the repository contains the image.
 * @param tag the tag in the template.
 * @throws UserError when the sources here make another image, or one cannot be made or pushed.
 */
export async function ensureImage(
  repository: Repository,
  tag: string,
  settings: ImageSettings,
  { progress, notice }: Reporter,
  signal: AbortSignal,
): Promise<void> {
  progress("Looking for the jobs' image");
  const missing = !(await repository.has(tag));
  // Before anything is made: what cannot be built leaves nothing behind.
  const builder = missing ? builderFor(tag, settings) : undefined;
  const { uri: address, created, owned } = await repository.ensure();
  if (created) notice(`Image repository created: ${address}`);
  if (!owned) {
    notice(
      `Image repository ${address} is not this stack's own: its settings are not changed, and it is not removed`,
    );
  }
  const uri = `${address}:${tag}`;
  if (builder === undefined) {
    notice(`Image exists: ${uri}`);
    return;
  }
  progress("Building the jobs' image; the first time takes minutes");
  const login = (): ReturnType<Repository['credentials']> => {
    progress("Pushing the jobs' image");
    return repository.credentials(address);
  };
  try {
    const { architecture, prebuilt } = settings;
    await publishImage({ uri, architecture, builder, prebuilt, login, signal });
  } catch (error) {
    // Another deploy of the same sources was faster: a tag cannot be pushed twice.
    if (signal.aborted || !(await repository.has(tag).catch(() => false))) throw error;
  }
  notice(`Image pushed: ${uri}`);
}

function builderFor(tag: string, settings: ImageSettings): Builder {
  const here = tagOf(settings);
  if (here !== tag) {
    throw new UserError(
      `the package names the image ${tag}, which the repository does not hold, and the sources here make ${here}: ` +
        'package again, or deploy from the sources that were packaged, with the same --param arch and prebuilt',
    );
  }
  const { builder, prebuilt } = settings;
  return findBuilder(builder === '' ? undefined : builder, prebuilt, '--param builder=NAME');
}
