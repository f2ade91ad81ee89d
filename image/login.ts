import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { withTemporaryDirectory } from './temporary-directory.ts';

/** A user of a registry, with password. */
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
  /** For docker, which does not have this option: the environment with a separate configuration. */
  environment: NodeJS.ProcessEnv;
}

/**
 * Logs in while the work runs: the user's configuration, credential store and command line never contain the password. It is in a
 * file that only this user can read, and that is removed after every ending of the work.
 */
export function withLogin<Result>(
  { registry, user, password }: Credentials,
  work: (login: Login) => Promise<Result>,
): Promise<Result> {
  return withTemporaryDirectory((directory) => {
    const configuration = join(directory, 'docker');
    mkdirSync(configuration, { mode: 0o700 });
    const userConfiguration = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
    const file = join(configuration, 'config.json');
    const auths = { [registry]: { auth: Buffer.from(`${user}:${password}`).toString('base64') } };
    writeFileSync(file, JSON.stringify({ ...engineOf(userConfiguration), auths }), { mode: 0o600 });
    symlinkSync(join(userConfiguration, 'contexts'), join(configuration, 'contexts'), 'junction');
    const environment = {
      ...process.env,
      DOCKER_CONFIG: configuration,
      // Its default is the folder of the configuration.
      DOCKER_CERT_PATH: process.env['DOCKER_CERT_PATH'] ?? userConfiguration,
    };
    return work({ registry, file, environment });
  });
}

const Configuration = z.object({ currentContext: z.string().optional() });

/** Reads which engine the user's docker uses: the same one has just built the image. */
function engineOf(directory: string): z.infer<typeof Configuration> {
  try {
    return Configuration.parse(JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8')));
  } catch {
    // It does not exist, or docker could not read it either: docker's default.
    return {};
  }
}
