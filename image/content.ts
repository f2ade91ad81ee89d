import { spawnSync } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { UserError } from '../lib/user-error.ts';

/** The files in which Debian, Fedora and Alpine keep the trusted certificates. */
const certificateFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];

/**
 * Finds this machine's trusted certificates, which a prebuilt image contains.
 * @throws UserError when they are missing.
 */
export function certificates(): string {
  const file = certificateFiles.find((path) => existsSync(path));
  if (file !== undefined) return file;
  throw new UserError(
    `--prebuilt copies this machine's certificates into the image and cannot find any (${certificateFiles.join(', ')}). ` +
      'Debian: apt-get install ca-certificates',
  );
}

/**
 * Computes a name for the image of the Dockerfile: the same as long as every file that the build can read is the same.
 * Base images are not looked up: to build with the current ones, choose another tag.
 * @throws UserError when .dockerignore allows more than a list of files.
 */
export function contentKey(root: string): string {
  const hash = createHash('sha256');
  addSources(hash, root);
  return keyOf(hash);
}

/**
 * Computes a name for the image with `fillBuildStage`: the same as long as sources, compiler, certificates and `more` are the
 * same.
 * @throws UserError when rustc or the certificates are missing.
 */
export function prebuiltKey(root: string, more = ''): string {
  const { status, stdout } = spawnSync('rustc', ['--version', '--verbose'], { encoding: 'utf8' });
  if (status !== 0) throw new UserError('rustc cannot be run; get it from https://rustup.rs');
  const hash = createHash('sha256');
  add(hash, 'tag', more);
  add(hash, 'rustc', stdout);
  add(hash, 'certificates', readFileSync(certificates()));
  addSources(hash, root);
  return keyOf(hash);
}

const keyOf = (hash: Hash): string => hash.digest('hex').slice(0, 32);

function add(hash: Hash, name: string, content: string | Buffer): void {
  hash.update(`${name}\0${content.length}\0`).update(content);
}

function addSources(hash: Hash, root: string): void {
  const folder = join(root, 'data_processor');
  const sources = ['Dockerfile', '.dockerignore', ...allowedBy(join(folder, '.dockerignore'))];
  for (const file of sources.flatMap((source) => filesBelow(join(folder, source)))) {
    add(hash, relative(folder, file), readFileSync(file));
  }
}

/** Lists what .dockerignore allows. The build reads nothing else, so that all that a later Dockerfile copies is included. */
function allowedBy(ignoreFile: string): string[] {
  const lines = readFileSync(ignoreFile, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const [first, ...rest] = lines;
  const names = rest.map((line) => /^!([\w./-]+)$/.exec(line)?.[1]);
  if (first !== '*' || names.includes(undefined)) {
    throw new UserError(
      `${ignoreFile} must be the line * and then one !NAME for each file or folder the build reads: ` +
        'the name of the image follows from those',
    );
  }
  return names.filter((name) => name !== undefined);
}

const filesBelow = (path: string): string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .sort()
        .flatMap((name) => filesBelow(join(path, name)))
    : [path];
