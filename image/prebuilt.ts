import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildRelease } from './cargo.ts';
import { UserError } from '../lib/user-error.ts';
import { certificates } from './content.ts';

/**
 * Fills a directory with the results of the Dockerfile's build stage: the program, built by this machine's cargo, and certificates.
 * @throws UserError when cargo or the certificates are missing, or this is not Linux.
 */
export async function fillBuildStage(root: string, directory: string, signal?: AbortSignal): Promise<void> {
  if (process.platform !== 'linux') {
    throw new UserError('--prebuilt uses a program of this machine, and the image needs a program for Linux');
  }
  const trusted = certificates();
  const program = await buildRelease(root, signal);
  const out = join(directory, 'out');
  const target = join(out, 'etc', 'ssl', 'certs');
  mkdirSync(target, { recursive: true });
  copyFileSync(program, join(out, 'data-processor'));
  copyFileSync(trusted, join(target, 'ca-certificates.crt'));
  // Readable by the user of the image, whatever our umask is.
  for (const folder of ['.', 'etc', 'etc/ssl', 'etc/ssl/certs']) chmodSync(join(out, folder), 0o755);
  chmodSync(join(out, 'data-processor'), 0o755);
  chmodSync(join(target, 'ca-certificates.crt'), 0o644);
}
