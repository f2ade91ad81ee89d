import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { withTemporaryDirectory } from './temporary-directory.ts';

/** Who may push, and where. */
export interface Credentials {
  /** Host, and port if any. */
  registry: string;
  user: string;
  password: string;
}

/** A login for one push. */
export interface Login {
  registry: string;
  /** For podman and buildah: --authfile. */
  file: string;
  /** For docker, which knows no such option: a configuration of its own. */
  environment: NodeJS.ProcessEnv;
}

/**
 * Logs in for as long as the work takes: the user's own configuration, their credential store and the command line
 * never hold the password. It lies in a file that only this user can read and that is removed, however the work ends.
 */
export function withLogin<Result>(
  { registry, user, password }: Credentials,
  work: (login: Login) => Promise<Result>,
): Promise<Result> {
  return withTemporaryDirectory((directory) => {
    const configuration = join(directory, 'docker');
    mkdirSync(configuration, { mode: 0o700 });
    const theirs = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
    const file = join(configuration, 'config.json');
    const auths = { [registry]: { auth: Buffer.from(`${user}:${password}`).toString('base64') } };
    writeFileSync(file, JSON.stringify({ ...engineOf(theirs), auths }), { mode: 0o600 });
    symlinkSync(join(theirs, 'contexts'), join(configuration, 'contexts'), 'junction');
    const environment = {
      ...process.env,
      DOCKER_CONFIG: configuration,
      // Beside the configuration unless named.
      DOCKER_CERT_PATH: process.env['DOCKER_CERT_PATH'] ?? theirs,
    };
    return work({ registry, file, environment });
  });
}

const Configuration = z.object({ currentContext: z.string().optional() });

/** Which engine the user's docker speaks to: the same one has just built the image. */
function engineOf(directory: string): z.infer<typeof Configuration> {
  try {
    return Configuration.parse(JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8')));
  } catch {
    // None, or none that docker itself could read: its default then.
    return {};
  }
}
