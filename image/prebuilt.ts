import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { buildRelease } from '../local/build.ts';
import { LocalFailure } from '../local/failure.ts';

/** Where Debian, Fedora and Alpine keep the certificates that the world trusts. */
const certificateFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];

/** What the image is made of, the Dockerfile's own COPY lines among it. */
const sources = ['Dockerfile', '.dockerignore', 'Cargo.toml', 'Cargo.lock', 'src'];

function certificates(): string {
  const file = certificateFiles.find((path) => existsSync(path));
  if (file !== undefined) return file;
  throw new LocalFailure(
    `--prebuilt puts this machine's certificates into the image and finds none (${certificateFiles.join(', ')}). ` +
      'Debian: apt-get install ca-certificates',
  );
}

/**
 * Fills a directory with what the Dockerfile's build stage would leave: the program, built by this machine's cargo, and
 * certificates.
 * @throws LocalFailure when cargo or the certificates are missing, or this is not Linux.
 */
export async function fillBuildStage(root: string, directory: string, signal?: AbortSignal): Promise<void> {
  if (process.platform !== 'linux') {
    throw new LocalFailure("--prebuilt takes this machine's own program, and the image needs one for Linux");
  }
  const trusted = certificates();
  const program = await buildRelease(root, signal);
  const out = join(directory, 'out');
  const target = join(out, 'etc', 'ssl', 'certs');
  mkdirSync(target, { recursive: true });
  copyFileSync(program, join(out, 'data-processor'));
  copyFileSync(trusted, join(target, 'ca-certificates.crt'));
  // Readable by the image's own user, whatever this one's umask is.
  for (const folder of ['.', 'etc', 'etc/ssl', 'etc/ssl/certs']) chmodSync(join(out, folder), 0o755);
  chmodSync(join(out, 'data-processor'), 0o755);
  chmodSync(join(target, 'ca-certificates.crt'), 0o644);
}

/**
 * A name for the image that `fillBuildStage` leads to: the same as long as sources, compiler, certificates and tag are.
 * @throws LocalFailure when rustc or the certificates are missing.
 */
export function prebuiltKey(root: string, tag: string): string {
  const { status, stdout } = spawnSync('rustc', ['--version', '--verbose'], { encoding: 'utf8' });
  if (status !== 0) throw new LocalFailure('rustc cannot be run; get it from https://rustup.rs');
  const hash = createHash('sha256');
  const add = (name: string, content: string | Buffer): void => {
    hash.update(`${name}\0${content.length}\0`).update(content);
  };
  add('tag', tag);
  add('rustc', stdout);
  add('certificates', readFileSync(certificates()));
  const folder = join(root, 'data_processor');
  for (const file of sources.flatMap((source) => filesBelow(join(folder, source)))) {
    add(relative(folder, file), readFileSync(file));
  }
  return hash.digest('hex').slice(0, 32);
}

const filesBelow = (path: string): string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .sort()
        .flatMap((name) => filesBelow(join(path, name)))
    : [path];
