import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../lib/cache.ts';
import { withTemporaryDirectory } from './temporary-directory.ts';

/** How many archives of some 10 MB are kept: those used last. */
const keptArchives = 4;

/**
 * Writes an archive to `output`. It is built first, unless an archive of this key is in the cache.
 * @param keyOf computes what the archive depends on; it is called again afterwards, because files may change during the build.
 * @param make builds the archive into the file that it gets.
 */
export async function cachedArchive(
  keyOf: () => string,
  output: string,
  make: (file: string) => Promise<void>,
): Promise<void> {
  const key = keyOf();
  const directory = join(cacheDirectory, 'images');
  const archive = join(directory, `${key}.tar`);
  if (!existsSync(archive)) {
    mkdirSync(directory, { recursive: true });
    await withTemporaryDirectory(async (temporary) => {
      const made = join(temporary, 'image.tar');
      await make(made);
      if (keyOf() === key) {
        const unfinished = `${archive}.${process.pid}.part`;
        copyFileSync(made, unfinished);
        renameSync(unfinished, archive);
      }
      copyFileSync(made, output);
    });
    removeOldArchives(directory);
    return;
  }
  const now = new Date();
  utimesSync(archive, now, now);
  copyFileSync(archive, output);
}

function removeOldArchives(directory: string): void {
  const archives = readdirSync(directory)
    .filter((name) => name.endsWith('.tar'))
    .map((name) => join(directory, name))
    .map((path) => ({ path, usedAt: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((one, other) => other.usedAt - one.usedAt);
  for (const { path } of archives.slice(keptArchives)) rmSync(path, { force: true });
}
