import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { isTerminal, type JobStatus } from './protocol.ts';
import { integerBetween } from '../api/request.ts';

/** An HTTP API gives a request 30 seconds, start and answer of the function included. */
const longestWait = 25;

/** What `GET /jobs/{jobId}` takes. */
export const JobQuery = z.strictObject({
  wait: integerBetween(0, longestWait, 0).describe('For how many seconds to wait for its end.'),
});

interface Dependencies {
  /** How the job stands; undefined where it is not in the table yet. */
  statusOf: (jobId: string) => Promise<JobStatus | undefined>;
  /** Milliseconds on a clock that never goes back. */
  clock?: () => number;
  pause?: (milliseconds: number) => Promise<unknown>;
}

/** Waits until a job has ended, or so many seconds are over: some 15 reads of half a unit in 25 seconds. */
export async function waitForEnd(
  jobId: string,
  seconds: number,
  { statusOf, clock = () => performance.now(), pause = sleep }: Dependencies,
): Promise<void> {
  const deadline = clock() + seconds * 1000;
  for (let interval = 250; ; interval = Math.min(interval * 2, 2000)) {
    const left = deadline - clock();
    if (left <= 0) return;
    await pause(Math.min(interval, left));
    const status = await statusOf(jobId);
    if (status !== undefined && isTerminal(status)) return;
  }
}
