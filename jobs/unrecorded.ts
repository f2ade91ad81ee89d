import { executionFence, sameExecution } from './execution.ts';
import { JobId } from './ids.ts';
import type { Executions, JobStore, ListedExecution } from './ports.ts';
import type { SettleRequest } from './settle.ts';
import { type EndedStatus, type Pass, type Walk, withUnrecorded } from './sweep-position.ts';

export type ReportFailure = <Result>(
  what: string,
  work: () => Promise<Result>,
) => Promise<Result | undefined>;

interface Dependencies {
  store: Pick<JobStore, 'executionsOf'>;
  executions: Pick<Executions, 'describe' | 'list'>;
  settle: (request: SettleRequest) => Promise<unknown>;
  /** Does the work; reports its failure and returns undefined. */
  reportFailure: ReportFailure;
}

/** Limits how many executions are described, and for how long. */
interface Budget {
  left: number;
  isTimeUp: () => boolean;
}

/** A part of a list of executions. */
interface Part {
  /** Newest first. */
  executions: (ListedExecution & { token: string | undefined })[];
  /** The part has every execution of the list that started after this time; -Infinity: the list is complete. */
  after: number;
  /** Where the next part begins; undefined when the list is complete. */
  next: Walk | undefined;
}

/**
 * Lists the next executions of a status: those that started between `from` and the position, at most so many pages. When a
 * page fails, the part has the pages before it.
 * @throws Error when the first page fails.
 */
export async function listNext(
  status: EndedStatus | 'RUNNING',
  walk: Walk,
  from: number,
  maximumPages: number,
  { executions, reportFailure }: Pick<Dependencies, 'executions' | 'reportFailure'>,
): Promise<Part> {
  const part: Part = { executions: [], after: -Infinity, next: undefined };
  let { before, token } = walk;
  for (let page = 0; page < maximumPages; page += 1) {
    const read = (): ReturnType<Executions['list']> => executions.list(status, token);
    const listed = page === 0 ? await read() : await reportFailure(`executions that are ${status}`, read);
    if (!listed) break;
    // A page may be empty although others follow.
    const last = listed.executions.at(-1)?.startedAt ?? Infinity;
    for (const execution of listed.executions) {
      const { startedAt } = execution;
      if (startedAt <= walk.before && startedAt >= from) part.executions.push({ ...execution, token });
    }
    if (listed.next === undefined || last < from) return part;
    token = listed.next;
    before = Math.min(before, last);
  }
  return { ...part, after: before, next: { before, ...(token !== undefined && { token }) } };
}

/**
 * Records the jobs of executions that have no record: what Register could not write while the table was away. A job that was
 * posted is found by the execution's name, which is its id; the id of a job of a schedule is in the execution's input.
 * @returns the pass, which notes the executions without a record, and where to continue when the budget is used up.
 */
export async function recordMissing<Any extends Pass>(
  executions: Part['executions'],
  pass: Any,
  budget: Budget,
  dependencies: Dependencies,
): Promise<{ pass: Any; rest?: Walk }> {
  const ids = executions.map(({ name }) => name).filter((name) => JobId.safeParse(name).success);
  const recorded = await dependencies.store.executionsOf(ids);
  let result = pass;
  for (const { arn, name, startedAt, token } of executions) {
    const fence = recorded.get(name);
    if (fence !== undefined && sameExecution(fence, executionFence(arn, new Date(startedAt).toISOString())))
      continue;
    if (budget.left === 0 || budget.isTimeUp()) {
      return { pass: result, rest: { before: startedAt, ...(token !== undefined && { token }) } };
    }
    budget.left -= 1;
    const isRecorded = await dependencies.reportFailure(arn, () => recordOne(arn, dependencies));
    if (isRecorded !== true) result = withUnrecorded(result, startedAt);
  }
  return { pass: result };
}

/** Settles the job of an execution that ended without a record. Returns whether there is nothing left to record. */
async function recordOne(arn: string, { store, executions, settle }: Dependencies): Promise<boolean> {
  const execution = await executions.describe(arn);
  if (!execution) return false;
  // It was started by hand with an input that is not a job's: promise 1 does not apply.
  if (!execution.input) return true;
  const { jobId } = execution.input;
  if ((await store.executionsOf([jobId])).has(jobId)) return true;
  // Register has not written it yet, and keeps trying.
  if (execution.status === 'RUNNING') return false;
  await settle({ jobId, execution: execution.fence, status: execution.status });
  return true;
}
