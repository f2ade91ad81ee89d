import { SingleBar } from 'cli-progress';
import type { JobView } from '../../api/responses/job.ts';
import { progressOf } from '../output/job.ts';
import type { Session } from '../session.ts';
import type { Screen } from '../shell.ts';

/** Shows how a job stands while it is waited for. */
export interface Progress {
  update(job: JobView): void;
  /** Leaves the screen as it was found. May be called again. */
  stop(): void;
}

/** A bar on a terminal; elsewhere a line for each change, so that a log of it makes sense. */
export const showProgress = ({ shell, say }: Pick<Session, 'shell' | 'say'>): Progress =>
  shell.err.isTTY ? bar(shell.err) : lines(say);

/** How a job stands, in a few words. */
export function standing({ status, waitingReason, attempts, maxAttempts }: JobView): string {
  const tries = attempts.length;
  if (status === 'QUEUED' && waitingReason) return `${status} (${waitingReason.reason})`;
  if (status === 'QUEUED' || maxAttempts === 1 || tries === 0) return status;
  return `${status}, try ${tries} of ${maxAttempts}`;
}

function lines(say: Session['say']): Progress {
  let last = '';
  return {
    update: (job) => {
      const { jobId, progress } = job;
      const line = `job ${jobId} is ${standing(job)}${progress ? `, ${progressOf(progress)}` : ''}`;
      if (line !== last) say(line);
      last = line;
    },
    stop: () => undefined,
  };
}

/** Besides the bar itself: status, try, numbers and time. */
const besideBar = 50;

function bar(screen: Screen): Progress {
  const single = new SingleBar({
    stream: screen,
    format: '{standing} [{bar}] {numbers} {duration_formatted}',
    barsize: Math.max(10, Math.min(40, (screen.columns ?? 80) - besideBar)),
    barCompleteChar: '#',
    barIncompleteChar: '.',
    emptyOnZero: true,
    fps: 4,
    clearOnComplete: true,
  });
  return {
    update: (job) => {
      const { done = 0, total = 0 } = job.progress ?? {};
      const payload = { standing: standing(job), numbers: job.progress ? progressOf(job.progress) : '' };
      if (!single.isActive) single.start(total, done, payload);
      single.setTotal(total);
      single.update(done, payload);
    },
    stop: () => {
      if (single.isActive) single.stop();
    },
  };
}
