import type { Entry } from './store.ts';

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
