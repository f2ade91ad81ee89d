import { setTimeout as sleep } from 'node:timers/promises';
import { isTerminal, type JobStatus } from './protocol.ts';

interface Dependencies {
  /** Reads the status of the job; undefined if it is not in the table yet. */
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
