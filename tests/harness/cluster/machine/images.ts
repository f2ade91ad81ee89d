import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildImage } from '../../../../image/build.ts';
import { cacheDirectory } from '../../../../lib/cache.ts';

const sources = fileURLToPath(new URL('pause', import.meta.url));

/** Writes the archives of the images that the cluster imports, because it cannot reach a registry: pause, and the jobs'. */
export async function writeImages(folder: string, signal: AbortSignal): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const pause = join(cacheDirectory, 'cluster-pause-1.tar');
  if (!existsSync(pause)) buildPause(pause);
  copyFileSync(pause, join(folder, 'pause.tar'));
  await buildImage({ prebuilt: true, output: join(folder, 'data-processor.tar'), signal });
}

function buildPause(archive: string): void {
  const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-pause-'));
  const runProgram = (program: string, ...parameters: string[]): void => {
    const { status, stderr, error } = spawnSync(program, parameters, { encoding: 'utf8' });
    if (error) throw error;
    if (status !== 0) throw new Error(`${program} ${parameters.join(' ')}: ${stderr}`);
  };
  try {
    cpSync(sources, directory, { recursive: true });
    runProgram('cc', '-Os', '-static', '-s', '-o', join(directory, 'pause'), join(sources, 'pause.c'));
    const storage = [
      '--storage-driver',
      'vfs',
      '--root',
      join(directory, 'root'),
      '--runroot',
      join(directory, 'run'),
    ];
    runProgram(
      'buildah',
      ...storage,
      'build',
      '--isolation',
      'chroot',
      '--tag',
      'localhost/pause:1',
      directory,
    );
    runProgram(
      'buildah',
      ...storage,
      'push',
      'localhost/pause:1',
      `oci-archive:${join(directory, 'image.tar')}:localhost/pause:1`,
    );
    mkdirSync(cacheDirectory, { recursive: true });
    copyFileSync(join(directory, 'image.tar'), `${archive}.${process.pid}`);
    renameSync(`${archive}.${process.pid}`, archive);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
