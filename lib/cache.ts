import { homedir } from 'node:os';
import { join } from 'node:path';

/** The directory of finished builds, shared by all clones of this user. */
export const cacheDirectory = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'eks-jobs');
