import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../../../lib/cache.ts';
import { runCargo } from '../../../lib/program.ts';

const version = '3.2.0';

/**
 * Installs dynoxide, which is DynamoDB for one machine, once, with cargo.
 * @returns the path of its program.
 * @throws UserError when cargo is not installed or fails.
 */
export async function installDynoxide(signal?: AbortSignal): Promise<string> {
  const root = join(cacheDirectory, `dynoxide-${version}`);
  const program = join(root, 'bin', 'dynoxide');
  if (existsSync(program)) return program;
  console.error(`eks-jobs: building DynamoDB for this machine (dynoxide ${version}), once; a minute or two`);
  const features = ['--no-default-features', '--features', 'native-sqlite,http-server,cli'];
  await runCargo(['install', `dynoxide-rs@${version}`, '--locked', ...features, '--root', root], { signal });
  return program;
}
