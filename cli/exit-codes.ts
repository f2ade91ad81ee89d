import type { TerminalStatus } from '../jobs/protocol.ts';

/** How the command ends; docs/command.md lists them for scripts. */
export const exitCodes = {
  done: 0,
  /** The API refused the request, or doctor found something wrong. */
  refused: 1,
  /** The command line cannot be understood. */
  usage: 2,
  /** The API cannot be reached, or what answers is none. */
  unreachable: 3,
  /** The API does not know the caller, or does not let them do this. */
  unauthorized: 4,
  /** `--wait` gave up; the job goes on. */
  stillRunning: 13,
  /** Ctrl-C, as shells have it. */
  interrupted: 130,
} as const;

/** How a command ends that waited for a job: by the job's outcome. */
export const exitCodeOfOutcome: Record<TerminalStatus, number> = {
  SUCCEEDED: exitCodes.done,
  FAILED: 10,
  CANCELLED: 11,
  TIMED_OUT: 12,
};
