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

/** So many archives of some 10 MB are kept, those used last. */
const most = 4;

/**
 * Writes an archive to `output`; makes it first unless the one of this key was made before.
 * @param keyOf what the archive depends on; asked again afterwards, since files may change while it is made.
 * @param make writes the archive to the file it is given.
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
    forgetOld(directory);
    return;
  }
  const now = new Date();
  utimesSync(archive, now, now);
  copyFileSync(archive, output);
}

function forgetOld(directory: string): void {
  const archives = readdirSync(directory)
    .filter((name) => name.endsWith('.tar'))
    .map((name) => join(directory, name))
    .map((path) => ({ path, usedAt: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((one, other) => other.usedAt - one.usedAt);
  for (const { path } of archives.slice(most)) rmSync(path, { force: true });
}
