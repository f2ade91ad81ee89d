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
/** The folder of the Dockerfile. */
export const folder = join(root, 'data_processor');

/** The image's name in a cluster that you run. A registry of this name does not exist, so that the image is never pulled. */
export const localImage = 'eks-jobs.local/data-processor:local';

/** How to build the image; every option may be left out. */
export interface ImageOptions {
  /** Default: `localImage`. */
  tag?: string | undefined;
  /** Default: the first one that works. */
  builder?: BuilderName | undefined;
  platform?: string | undefined;
  /** NAME=DIR: directories that replace a stage of the Dockerfile or an image. */
  buildContexts?: readonly string[] | undefined;
  /** This machine's cargo builds the program, which replaces the build stage: no base image is pulled. */
  prebuilt?: boolean | undefined;
  /** The file to write the image to, as `docker save` does. */
  output?: string | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Builds the image of data_processor/; progress goes to standard error.
 *
 * Without `output` the image is in the builder's own storage afterwards. With it the image is in that file, which
 * `ctr images import`, `kind load image-archive` and `docker load` read under the name of the tag. An archive
 * that is `prebuilt` is kept in a cache: as long as nothing has changed, the next build needs no builder and less than a second.
 * buildah leaves nothing but the file.
 * @throws UserError naming what is missing on this machine, or with the last lines of the build.
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
      "--prebuilt uses this machine's program instead of the build stage: --platform and --build-context do not go with it",
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

/** What to do with a prebuilt image. */
interface Prebuilt {
  /** Uses the image in a storage that is removed afterwards; without it the image stays in the builder's storage. */
  use?: (builder: Builder, storage: readonly string[]) => Promise<void>;
  signal?: AbortSignal | undefined;
}

/**
 * Builds the image with the program that this machine's cargo builds.
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
    // buildah need not keep the image: it gets a separate storage, with the driver that works everywhere.
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
