import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import { Unreachable } from '../failure.ts';
import { ApiRefusal } from './refusal.ts';

/** Too many requests, and what an HTTP API and the services behind it get over. */
const passing = [429, 500, 502, 503, 504];

/** The longest pause that an API may ask for, in seconds; who asks for more has been asked for the last time. */
const longestPause = 60;

/** Retry-After as HTTP has it: seconds, or a date. @returns seconds from now; undefined where there is none. */
export function readRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}

const retryAfterOf = (error: Error): number => (error instanceof ApiRefusal ? (error.retryAfter ?? 0) : 0);

/** Whether the same request may have another answer. */
const mayPass = (error: Error): boolean =>
  error instanceof Unreachable ||
  (error instanceof ApiRefusal && passing.includes(error.status) && retryAfterOf(error) <= longestPause);

export interface Patience {
  /** How often a request is made again that may be. */
  retries: number;
  signal: AbortSignal;
  /** Told of each failure that is tried again. */
  onRetry: (reason: string) => void;
  /** In milliseconds; the pauses are random between once and twice that, which doubles up to 4 s. */
  firstPause?: number;
}

/**
 * Makes a request again while its failures may pass, never sooner than the API asks for.
 * @throws the last failure, or what the signal was aborted with.
 */
export const withRetries = <Reply>(
  request: () => Promise<Reply>,
  { retries, signal, onRetry, firstPause = 250 }: Patience,
): Promise<Reply> =>
  pRetry(request, {
    retries,
    minTimeout: firstPause,
    maxTimeout: 4000,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => mayPass(error),
    onFailedAttempt: async ({ error, retriesLeft, retryDelay }) => {
      if (retriesLeft === 0 || !mayPass(error)) return;
      onRetry(error.message);
      // The rest of it p-retry waits itself.
      const longer = retryAfterOf(error) * 1000 - retryDelay;
      if (longer > 0) await sleep(longer, undefined, { signal });
    },
  });
