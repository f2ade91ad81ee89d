import { isTerminal, type TerminalStatus } from '../../jobs/protocol.ts';
import type { JobView } from '../../api/responses/job.ts';
import type { Answer } from '../api/client.ts';
import { exitCodeOfOutcome, exitCodes } from '../exit-codes.ts';
import { Interrupted } from '../failure.ts';
import { renderJob } from '../output/job.ts';
import type { Session } from '../session.ts';
import { lookAgain, lookAtNew } from './look.ts';
import type { WaitOptions } from './options.ts';
import { showProgress } from './progress.ts';

/** How long one request waits for the end, in seconds: on a screen progress is seen sooner, elsewhere it is a line each time. */
const pause = { screen: 2, lines: 10 };

/**
 * Waits for the end of a job, shows how it stands meanwhile, and then the job.
 * @param options isNew: it was posted just now.
 * @returns the exit code that says how it ended.
 * @throws Interrupted by Ctrl-C: the job goes on.
 */
export async function waitFor(
  jobId: string,
  session: Session,
  { waitSeconds, isNew = false }: Pick<WaitOptions, 'waitSeconds'> & { isNew?: boolean },
): Promise<number> {
  const { shell } = session;
  const seconds = shell.err.isTTY ? pause.screen : pause.lines;
  const deadline = performance.now() + waitSeconds * 1000;
  const progress = showProgress(session);
  try {
    // The first look does not wait: the user sees at once how it stands.
    let answer = isNew
      ? await lookAtNew(jobId, session.api, shell.interrupted)
      : await session.api.job(jobId);
    for (;;) {
      const { status } = answer.body;
      if (isTerminal(status)) {
        progress.stop();
        return finish(answer, status, session);
      }
      progress.update(answer.body);
      const left = Math.ceil((deadline - performance.now()) / 1000);
      if (left <= 0) {
        progress.stop();
        session.say(`job ${jobId} is still ${status} after ${waitSeconds} s and goes on`);
        return exitCodes.stillRunning;
      }
      answer = await lookAgain(jobId, session.api, Math.min(seconds, left), shell.interrupted);
    }
  } catch (error) {
    if (!shell.interrupted.aborted) throw error;
    throw new Interrupted([
      `Job ${jobId} goes on. To follow it: eks-jobs get ${jobId} --wait`,
      `To cancel it: eks-jobs cancel ${jobId}`,
    ]);
  } finally {
    progress.stop();
  }
}

function finish(answer: Answer<JobView>, status: TerminalStatus, session: Session): number {
  session.show(answer, renderJob);
  return exitCodeOfOutcome[status];
}
