import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { UserError } from '../lib/user-error.ts';

/** Where one service keeps what survives a restart; locked while it runs. */
export interface StateDirectory {
  database: string;
  journal: string;
  schedules: string;
  signingKey: string;
  release(): void;
}

const lockName = 'lock';
const keyName = 'token-key.pem';

/** Where the key is that signs the tokens of `npm run token`, which runs beside the service. */
export const signingKeyIn = (path: string): string => join(path, keyName);

/**
 * Opens a state directory for this process alone. The lock is SQLite's own on a file: the kernel lifts it when the
 * process dies, however it dies.
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
    throw new UserError(`the state directory ${path} cannot be written: ${reasonOf(error)}`);
  }
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    const inUse = reasonOf(error).includes('locked');
    throw new UserError(
      inUse
        ? `the state directory ${path} is in use by another npm start; stop it, or choose another with --state-dir`
        : `the state directory ${path} cannot be written: ${reasonOf(error)}`,
    );
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
