import type { TerminalStatus } from '../jobs/protocol.ts';

/** The exit codes of every command; docs/command.md lists them for scripts. */
export const exitCodes = {
  done: 0,
  /** The API rejected the request, or doctor found something wrong. */
  rejected: 1,
  /** The command line is not valid. */
  usage: 2,
  /** The API cannot be reached, or the address has no eks-jobs API. */
  unreachable: 3,
  /** No credentials, wrong ones, or too few rights. */
  unauthorized: 4,
  /** `--wait` stopped waiting; the job continues. */
  stillRunning: 13,
  /** Ctrl-C; the code that shells use. */
  interrupted: 130,
} as const;

/** The exit codes of a command that waited for a job, by the job's outcome. */
export const exitCodeOfOutcome: Record<TerminalStatus, number> = {
  SUCCEEDED: exitCodes.done,
  FAILED: 10,
  CANCELLED: 11,
  TIMED_OUT: 12,
};
