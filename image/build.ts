import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../lib/user-error.ts';
import { cachedArchive } from './archive-cache.ts';
import { type Builder, type BuilderName, findBuilder } from './builder.ts';
import { prebuiltKey } from './content.ts';
import { fillBuildStage } from './prebuilt.ts';
import { requireProgram } from '../lib/program.ts';
import { withTemporaryDirectory } from './temporary-directory.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Where the Dockerfile is. */
export const folder = join(root, 'data_processor');

/** The image's name on a cluster of one's own: no registry answers to it, so that it is never pulled. */
export const localImage = 'eks-jobs.local/data-processor:local';

/** How to build the image; everything may be left out. */
export interface ImageOptions {
  /** `localImage` unless given. */
  tag?: string | undefined;
  /** The first that works unless given. */
  builder?: BuilderName | undefined;
  platform?: string | undefined;
  /** NAME=DIR: directories that stand in for a stage of the Dockerfile or an image. */
  buildContexts?: readonly string[] | undefined;
  /** The program is built by this machine's own cargo and stands in for the build stage: no image is pulled. */
  prebuilt?: boolean | undefined;
  /** A file for the image, as `docker save` writes it. */
  output?: string | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Builds the image of data_processor/; progress goes to standard error.
 *
 * Without `output` the image is in the builder's own storage afterwards. With it the image is in that file, which
 * `ctr images import`, `kind load image-archive` and `docker load` read under the very name of the tag. An archive
 * that is `prebuilt` is kept for the next time: as long as nothing changed that takes no builder and no second, and
 * buildah leaves nothing but the file.
 * @throws UserError naming what is missing on this machine, or with the build's own last lines.
 */
export async function buildImage({
  tag = localImage,
  builder,
  platform,
  buildContexts = [],
  prebuilt = false,
  output,
  signal,
}: ImageOptions): Promise<void> {
  const image = { folder, tag, ...(platform !== undefined && { platform }) };
  if (!prebuilt) {
    const found = findBuilder(builder, buildContexts.length > 0);
    await requireProgram(found.name, found.build({ ...image, buildContexts }), { signal });
    if (output === undefined) return;
    // podman and buildah refuse to write over a file.
    await withTemporaryDirectory(async (directory) => {
      const archive = join(directory, 'image.tar');
      await requireProgram(found.name, found.save(tag, archive), { signal });
      copyFileSync(archive, output);
    });
    return;
  }
  if (platform !== undefined || buildContexts.length > 0) {
    throw new UserError(
      "--prebuilt is this machine's own program, in place of the build stage: --platform and --build-context do not go with it",
    );
  }
  const work = (archive?: string): Promise<void> =>
    buildPrebuilt(findBuilder(builder, true), image, {
      ...(archive !== undefined && {
        use: (found, storage) => requireProgram(found.name, found.save(tag, archive, storage), { signal }),
      }),
      signal,
    });
  if (output === undefined) await work();
  else await cachedArchive(() => prebuiltKey(root, tag), output, work);
}

/** What becomes of a prebuilt image. */
interface Prebuilt {
  /** Takes it out of a storage that is gone afterwards; without it the image stays in the builder's own. */
  use?: (builder: Builder, storage: readonly string[]) => Promise<void>;
  signal?: AbortSignal | undefined;
}

/**
 * Builds the image around this machine's own program.
 * @throws UserError as `buildImage`.
 */
export function buildPrebuilt(
  builder: Builder,
  image: { folder: string; tag: string; platform?: string },
  { use, signal }: Prebuilt,
): Promise<void> {
  return withTemporaryDirectory(async (directory) => {
    const stage = join(directory, 'stage');
    await fillBuildStage(root, stage, signal);
    // buildah need not keep the image: a storage of its own, with the driver that works everywhere.
    const storage =
      use === undefined
        ? []
        : [
            ...['--storage-driver', 'vfs'],
            ...['--root', join(directory, 'storage'), '--runroot', join(directory, 'run')],
          ];
    const parameters = builder.build({ ...image, buildContexts: [`build=${stage}`] }, storage);
    await requireProgram(builder.name, parameters, { signal });
    await use?.(builder, storage);
  });
}
