import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('pause', import.meta.url));
const images = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'eks-jobs', 'cluster-images');

/** The images that the cluster holds, since it reaches no registry. @returns the directory of their archives. */
export function prepareImages(): string {
  mkdirSync(images, { recursive: true });
  const pause = join(images, 'pause.tar');
  if (!existsSync(pause)) buildPause(pause);
  return images;
}

function buildPause(archive: string): void {
  const directory = mkdtempSync(join(tmpdir(), 'eks-jobs-pause-'));
  const must = (program: string, ...parameters: string[]): void => {
    const { status, stderr, error } = spawnSync(program, parameters, { encoding: 'utf8' });
    if (error) throw error;
    if (status !== 0) throw new Error(`${program} ${parameters.join(' ')}: ${stderr}`);
  };
  try {
    cpSync(sources, directory, { recursive: true });
    must('cc', '-Os', '-static', '-s', '-o', join(directory, 'pause'), join(sources, 'pause.c'));
    const storage = [
      '--storage-driver',
      'vfs',
      '--root',
      join(directory, 'root'),
      '--runroot',
      join(directory, 'run'),
    ];
    must('buildah', ...storage, 'build', '--isolation', 'chroot', '--tag', 'localhost/pause:1', directory);
    must(
      'buildah',
      ...storage,
      'push',
      'localhost/pause:1',
      `oci-archive:${join(directory, 'image.tar')}:localhost/pause:1`,
    );
    copyFileSync(join(directory, 'image.tar'), archive);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
