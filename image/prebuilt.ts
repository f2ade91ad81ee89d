import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildRelease } from './cargo.ts';
import { UserError } from '../lib/user-error.ts';
import { certificates } from './content.ts';

/**
 * Fills a directory with what the Dockerfile's build stage would leave: the program, built by this machine's cargo, and
 * certificates.
 * @throws UserError when cargo or the certificates are missing, or this is not Linux.
 */
export async function fillBuildStage(root: string, directory: string, signal?: AbortSignal): Promise<void> {
  if (process.platform !== 'linux') {
    throw new UserError("--prebuilt takes this machine's own program, and the image needs one for Linux");
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
