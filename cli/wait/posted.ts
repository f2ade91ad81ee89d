import type { AcceptedJob } from '../../api/responses/job.ts';
import type { Answer } from '../api/client.ts';
import type { Session } from '../session.ts';
import type { WaitOptions } from './options.ts';
import { waitFor } from './wait.ts';

/**
 * What comes after a job was asked for: its id, alone, for `$(…)`; or, with --wait, the job at its end.
 * @returns the exit code, where the job was waited for.
 */
export async function afterPosting(
  answer: Answer<AcceptedJob>,
  session: Session,
  options: WaitOptions,
): Promise<number | undefined> {
  const { jobId } = answer.body;
  if (options.wait) {
    session.say(`job ${jobId} is accepted`);
    return await waitFor(jobId, session, { ...options, isNew: true });
  }
  session.show(answer, () => `${jobId}\n`);
  if (session.shell.out.isTTY) session.say(`to see what becomes of it: eks-jobs get ${jobId} --wait`);
  return undefined;
}
