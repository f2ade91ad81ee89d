import type { Stats } from './responses/service.ts';

/** Sums the counters of all shards. The cost does not depend on the number of jobs. */
export function sumStats(shards: readonly Record<string, number>[]): Stats {
  const sum = (counter: string): number => shards.reduce((total, shard) => total + (shard[counter] ?? 0), 0);
  return {
    succeedJob: sum('succeedJob'),
    jobRetry: sum('jobRetry'),
    failedJob: sum('failedJob'),
    jobs: {
      succeeded: sum('jobsSucceeded'),
      failed: sum('jobsFailed'),
      cancelled: sum('jobsCancelled'),
      timedOut: sum('jobsTimedOut'),
    },
  };
}
