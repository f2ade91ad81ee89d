import { NotFound } from './errors.ts';
import type { Execution, Executions } from './aws/executions.ts';
import { JobId, timeOf } from './ids.ts';

/** Who asks. */
export interface Caller {
  owner: string;
  /** Holds the admin scope: sees and touches every owner's jobs and schedules. */
  admin: boolean;
}

/** What begins the keys under which owners' schedules lie beside their jobs: no owner may be called so. */
export const schedulesOf = 'SCHEDULE#';

/** A job is registered within seconds of its 202; an id this old that is not in the table never will be. */
const registeredWithin = 15 * 60_000;

/** Others' jobs are not there, rather than forbidden: an answer must not tell which ids exist. */
export const noSuchJob = (): NotFound => new NotFound('There is no such job.');

/** Whether the caller may know of, and change, what this owner has: the one rule for jobs and schedules. */
export const maySee = ({ owner, admin }: Caller, of: { owner: string }): boolean =>
  admin || of.owner === owner;

/** @throws NotFound for what cannot be a job's id. */
export function checkJobId(jobId: string): void {
  if (!JobId.safeParse(jobId).success) throw noSuchJob();
}

/**
 * The execution of the caller's job that is not in the table: between its 202 and Register a job is only that.
 * @param now epoch milliseconds; an old id is answered without a call.
 * @throws NotFound where there is none.
 */
export async function ownExecution(
  jobId: string,
  caller: Caller,
  executions: Pick<Executions, 'ofJob'>,
  now: number,
): Promise<Execution & Required<Pick<Execution, 'input'>>> {
  const madeAt = timeOf(jobId);
  if (madeAt !== undefined && now - madeAt > registeredWithin) throw noSuchJob();
  const execution = await executions.ofJob(jobId);
  const input = execution?.input;
  if (!execution || !input || !maySee(caller, input)) throw noSuchJob();
  return { ...execution, input };
}
