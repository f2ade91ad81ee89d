import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describeError } from '../lib/describe-error.ts';
import { UserError } from '../lib/user-error.ts';

/** The files of one service that survive a restart. The directory is locked while the service runs. */
export interface StateDirectory {
  database: string;
  journal: string;
  schedules: string;
  signingKey: string;
  release(): void;
}

const lockName = 'lock';
const keyName = 'token-key.pem';

/** Returns the path of the key that signs the tokens of `npm run token`, which runs beside the service. */
export const signingKeyIn = (path: string): string => join(path, keyName);

/**
 * Opens a state directory for this process alone. The lock is SQLite's lock on a file: the kernel releases it when the
 * process ends, for any reason.
 * @throws UserError when the directory cannot be written or another service uses it.
 */
export function openStateDirectory(path: string, fresh: boolean): StateDirectory {
  const lock = lockDirectory(path);
  if (fresh) {
    for (const entry of readdirSync(path)) {
      if (!entry.startsWith(lockName) && entry !== keyName)
        rmSync(join(path, entry), { recursive: true, force: true });
    }
  }
  return {
    database: join(path, 'dynamodb.sqlite'),
    journal: join(path, 'executions.sqlite'),
    schedules: join(path, 'schedules.sqlite'),
    signingKey: signingKeyIn(path),
    release: () => {
      lock.close();
    },
  };
}

function lockDirectory(path: string): DatabaseSync {
  let lock: DatabaseSync;
  try {
    mkdirSync(path, { recursive: true });
    lock = new DatabaseSync(join(path, lockName));
  } catch (error) {
    throw new UserError(`the state directory ${path} cannot be written: ${describeError(error)}`);
  }
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    const inUse = describeError(error).includes('locked');
    throw new UserError(
      inUse
        ? `the state directory ${path} is used by another npm start; stop it, or choose another directory with --state-dir`
        : `the state directory ${path} cannot be written: ${describeError(error)}`,
    );
  }
}
