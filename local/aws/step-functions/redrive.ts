import type { Entry, ExecutionRecord } from './store.ts';
import { HISTORY_LIMIT } from './limits.ts';

/** "The redrivable period, 14 days" after an execution ended (developer guide, "Restarting state machine executions with redrive"). */
const REDRIVABLE = 14 * 24 * 60 * 60 * 1000;

/** Why an execution with so many events cannot be redriven at a time, or undefined if it can (API reference, DescribeExecution, "redriveStatusReason"). */
export function whyNotRedrivable(
  { status, stopped }: ExecutionRecord,
  events: number,
  now: number,
): string | undefined {
  if (status === 'RUNNING' || status === 'SUCCEEDED') return `Execution is ${status} and cannot be redriven`;
  if (events >= HISTORY_LIMIT - 1) return 'Execution history event limit exceeded';
  return now - (stopped ?? now) > REDRIVABLE ? 'Execution redrivable period exceeded' : undefined;
}

/**
 * What a redrive undoes: "it continues the failed execution from the unsuccessful step", so in each branch all that came
 * after entering the state that was not left. A Parallel or Map state keeps its last start, and with it the branches that
 * succeeded: "reschedules and redrives only the iterations and branches that failed or aborted".
 */
export function undoneByRedrive(entries: readonly Entry[]): Entry[] {
  const undone: Entry[] = [];
  for (const branch of Map.groupBy(entries, (entry) => entry.branch).values()) {
    const entered = branch.findLastIndex(({ type }) => type.endsWith('StateEntered'));
    const inside = branch.slice(entered + 1);
    if (entered < 0 || inside.some(({ type }) => type.endsWith('StateExited'))) continue;
    const lastStart = inside.findLast(({ type }) => /^(Parallel|Map)StateStarted$/.test(type));
    undone.push(...inside.filter((entry) => entry !== lastStart));
  }
  return undone;
}

/** An execution as it stands when it is redriven. */
export function redrivenAt(execution: ExecutionRecord, redriven: number): ExecutionRecord {
  const open = { status: 'RUNNING' as const, stopped: null, output: null, error: null, cause: null };
  return { ...execution, ...open, redrive_count: execution.redrive_count + 1, redriven };
}
