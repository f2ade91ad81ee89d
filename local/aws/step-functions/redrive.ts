import { historyLimit } from './limits.ts';
import { typesWith } from './state-traits.ts';
import type { ExecutionRecord, JournalEntry } from './store.ts';

/**
 * "The redrivable period, 14 days" after an execution ended (developer guide, "Restarting state machine executions with
 * redrive").
 */
const redrivablePeriod = 14 * 24 * 60 * 60 * 1000;

/**
 * Explains why an execution with this number of events cannot be redriven at this time; undefined if it can
 * (API reference, DescribeExecution, "redriveStatusReason").
 */
export function whyNotRedrivable(
  { status, stopped }: ExecutionRecord,
  events: number,
  now: number,
): string | undefined {
  if (status === 'RUNNING' || status === 'SUCCEEDED') return `Execution is ${status} and cannot be redriven`;
  if (events >= historyLimit - 1) return 'Execution history event limit exceeded';
  return now - (stopped ?? now) > redrivablePeriod ? 'Execution redrivable period exceeded' : undefined;
}

/**
 * Selects the entries that a redrive undoes: "it continues the failed execution from the unsuccessful step", so in each
 * branch all that came after entering the state that was not left. A state with branches keeps its last start, and with
 * it the branches that succeeded: "reschedules and redrives only the iterations and branches that failed or aborted".
 */
export function undoneByRedrive(entries: readonly JournalEntry[]): JournalEntry[] {
  const undone: JournalEntry[] = [];
  for (const branch of Map.groupBy(entries, (entry) => entry.branch).values()) {
    const entered = branch.findLastIndex(({ type }) => type.endsWith('StateEntered'));
    const inside = branch.slice(entered + 1);
    if (entered < 0 || inside.some(({ type }) => type.endsWith('StateExited'))) continue;
    const lastStart = inside.findLast(({ type }) => branchStarts.has(type));
    undone.push(...inside.filter((entry) => entry !== lastStart));
  }
  return undone;
}

const branchStarts = new Set(typesWith('hasBranches').map((type) => `${type}StateStarted`));

/** Makes the record of an execution that is redriven at this time. */
export function redrivenAt(execution: ExecutionRecord, redriven: number): ExecutionRecord {
  const open = { status: 'RUNNING' as const, stopped: null, output: null, error: null, cause: null };
  return { ...execution, ...open, redrive_count: execution.redrive_count + 1, redriven };
}
