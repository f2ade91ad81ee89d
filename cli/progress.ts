import { SingleBar } from 'cli-progress';
import type { JobView } from '../api/responses/job.ts';
import { formatProgress } from './output/job.ts';
import type { Screen, CommandSession } from './session.ts';

/** Shows the progress of a job while the command waits for it. */
export interface ProgressDisplay {
  update(job: JobView): void;
  /** Restores the screen. May be called repeatedly. */
  stop(): void;
}

/** Opens a bar on a terminal; elsewhere a line per change, so that it is readable in a log. */
export const openProgress = ({ shell, report }: Pick<CommandSession, 'shell' | 'report'>): ProgressDisplay =>
  shell.err.isTTY ? openBar(shell.err) : openLines(report);

/** Describes the status of a job in a few words. */
export function describeStatus({ status, waitingReason, attempts, maxAttempts }: JobView): string {
  const shown = waitingReason ? `${status} (${waitingReason.reason})` : status;
  if (status === 'QUEUED' || maxAttempts === 1 || attempts.length === 0) return shown;
  return `${shown}, attempt ${attempts.length} of ${maxAttempts}`;
}

function openLines(report: CommandSession['report']): ProgressDisplay {
  let last = '';
  return {
    update: (job) => {
      const { jobId, progress } = job;
      const line = `job ${jobId} is ${describeStatus(job)}${progress ? `, ${formatProgress(progress)}` : ''}`;
      if (line !== last) report(line);
      last = line;
    },
    stop: () => undefined,
  };
}

/** The columns that status, attempt, numbers and time need beside the bar. */
const besideBar = 50;

function openBar(screen: Screen): ProgressDisplay {
  const bar = new SingleBar({
    stream: screen,
    format: '{status} [{bar}] {numbers} {duration_formatted}',
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
      const payload = {
        status: describeStatus(job),
        numbers: job.progress ? formatProgress(job.progress) : '',
      };
      if (!bar.isActive) bar.start(total, done, payload);
      bar.setTotal(total);
      bar.update(done, payload);
    },
    stop: () => {
      if (bar.isActive) bar.stop();
    },
  };
}
