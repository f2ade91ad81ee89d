import { describeError } from '../../lib/describe-error.ts';

/** What a check found. */
export interface Finding {
  check: string;
  /** skipped: it could not be made, which says nothing about the setup. */
  outcome: 'ok' | 'failed' | 'skipped';
  message: string;
  /** What to do, a line each. */
  advice: readonly string[];
}

export const ok = (check: string, message: string): Finding => ({
  check,
  outcome: 'ok',
  message,
  advice: [],
});

export const failed = (check: string, message: string, ...advice: string[]): Finding => ({
  ...{ check, outcome: 'failed', message },
  advice,
});

export const skipped = (check: string, message: string, ...advice: string[]): Finding => ({
  ...{ check, outcome: 'skipped', message },
  advice,
});

/** A check that cannot be made, for whatever reason, is skipped: only what was seen to be wrong has failed. */
export async function attempt(check: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    return skipped(check, `it cannot be seen: ${describeError(error)}`);
  }
}
