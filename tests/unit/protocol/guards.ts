/** The guards of the protocol. Each can be removed alone, to show what it prevents. */
export const guardRules = {
  // Register
  registerNotExists: 'Register puts the job only if it does not exist',
  registerOwnRetry: "Register's own retry after a lost response may put the job again",
  registerOnlyQueued: 'that retry puts it only while the job is still QUEUED',
  // The conditions of every transaction
  fenceExecution: "the job's execution is as it was read",
  fenceStatus: "the job's status is as it was read",
  fenceAttempt: "the job's attempt is as it was read",
  fenceRunner: "the job's runner is as it was read",
  attemptOpen: 'only an attempt that is RUNNING is closed',
  attemptRunner: "an attempt's runner is as it was read",
  attemptNotExists: 'an attempt is put only if it does not exist',
  // Start
  startTerminal: 'a container of a job that has ended exits 0',
  startStale: 'a container of a closed or superseded attempt exits 75',
  startClosesRunning: 'Start closes lower attempts that are RUNNING',
  startClosesMissing: 'Start closes lower attempts that are missing',
  startBeyondLast: 'Start puts no attempt at or above maxAttempts',
  beyondLastCap: 'Start beyond the last attempt closes only attempts below maxAttempts',
  retryForMissing: 'jobRetry counts a missing attempt above 0',
  takeOver: 'a replacement continues the attempt of its predecessor',
  takeOverCountsNothing: 'taking over is not counted as a retry',
  seenHeartbeat: 'taking over requires that the heartbeat is the one that did not change',
  interruptionLimit: 'an attempt that is interrupted too often is closed',
  // Failed submissions
  submissionNotCounted: 'a failed submission is not an attempt: the next Job has the same number',
  settleSkipsSubmissions: 'Settle leaves failed submissions out of the tries in the history',
  settleAwaitsHistory:
    'Settle, called by the state machine, waits until the history has the end of the last try',
  settleClosesRecorded: 'Settle also closes an attempt that is in the table and not among the tries',
  // Finish, SIGTERM, exit codes
  lastVerdict: "the last attempt's failure ends the job in the same transaction",
  finishReadsBack: 'after a lost response the container reads whether its outcome is recorded',
  readBackCompares:
    'its outcome is recorded only if all of it matches: closing another’s attempt keeps that attempt’s runner',
  lostExitsRetry: 'a container that lost its attempt exits 75, whatever its outcome',
  verdictExitsZero: 'a verdict while the state machine has tries left exits 0',
  interruptCountsNothing: 'SIGTERM marks the attempt and closes nothing',
  // Settle and sweep
  settleOwnExecution: 'Settle acts only for its own execution',
  settleCreates: 'Settle records a job that was never registered',
  settleClosesAttempts: 'Settle closes the attempts of every try',
  settleCap: 'Settle closes only attempts below maxAttempts',
  recordWins: 'the record wins over the state of Job and execution',
  openLeftLast: 'a job leaves `open` in the last step',
  sweepOpen: 'sweep settles open jobs whose execution has ended',
  sweepUnrecorded: 'sweep settles ended executions that have no record',
  sweepStops: 'sweep stops the executions of jobs that have ended',
  // Cancel
  cancelClosesAttempt: 'cancel closes the open attempt',
  fencedAttempt: 'cancel and Settle read again if the job names an attempt that they did not see',
  cancelCreates: 'cancel records a job that is not registered yet',
} as const;

export type Guard = keyof typeof guardRules;

export interface Protocol {
  readonly guards: Readonly<Record<Guard, boolean>>;
  /**
   * How the items of one job are read: at one moment (TransactGetItems), the job and then its attempts, or in two reads at
   * the same time, either of which may be first (a Query of the whole partition also reads attempts before the job).
   */
  readonly reads: 'together' | 'jobFirst' | 'apart';
  /**
   * Whether RunJob's Catch sees how often RunJob was retried. It is not documented for AWS. Without it, the next Job has the
   * number that the first try of this visit had.
   */
  readonly retryCountInCatch: boolean;
}

export function protocolWithout(
  out: readonly Guard[],
  reads: Protocol['reads'] = 'together',
  retryCountInCatch = true,
): Protocol {
  const guards = Object.fromEntries(Object.keys(guardRules).map((name) => [name, true])) as Record<
    Guard,
    boolean
  >;
  for (const guard of out) guards[guard] = false;
  return { guards, reads, retryCountInCatch };
}
