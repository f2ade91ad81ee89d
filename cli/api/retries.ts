import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import { ApiUnreachable } from '../failure.ts';
import { ApiRejection } from './rejection.ts';

/** Too many requests, and the temporary failures of an HTTP API and of the services behind it. */
const temporaryStatuses = [429, 500, 502, 503, 504];

/** The longest Retry-After that is waited for, in seconds; a longer one ends the retries. */
const maximumPause = 60;

/** Parses Retry-After: seconds, or a date of HTTP. @returns seconds from now; undefined without a valid header. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}

const retryAfterOf = (error: Error): number => (error instanceof ApiRejection ? (error.retryAfter ?? 0) : 0);

/** Whether a retry of the same request may succeed. */
const isTemporary = (error: Error): boolean =>
  error instanceof ApiUnreachable ||
  (error instanceof ApiRejection &&
    temporaryStatuses.includes(error.status) &&
    retryAfterOf(error) <= maximumPause);

export interface RetryOptions {
  /** The maximum number of retries. */
  retries: number;
  signal: AbortSignal;
  /** Called before each retry with the failure's message. */
  onRetry: (reason: string) => void;
  /** In milliseconds; each pause is random between one and two times a base, which doubles up to 4 s. */
  firstPause?: number;
}

/**
 * Retries a request after temporary failures, never sooner than Retry-After.
 * @throws the last failure, or what the signal was aborted with.
 */
export const withRetries = <Response>(
  request: () => Promise<Response>,
  { retries, signal, onRetry, firstPause = 250 }: RetryOptions,
): Promise<Response> =>
  pRetry(request, {
    retries,
    minTimeout: firstPause,
    maxTimeout: 4000,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => isTemporary(error),
    onFailedAttempt: async ({ error, retriesLeft, retryDelay }) => {
      if (retriesLeft === 0 || !isTemporary(error)) return;
      onRetry(error.message);
      // After this, p-retry waits for retryDelay.
      const rest = retryAfterOf(error) * 1000 - retryDelay;
      if (rest > 0) await sleep(rest, undefined, { signal });
    },
  });
