/** Start: what a container decides from what it read: start, take over, close what is beyond the last attempt, or exit. */
import type { Protocol } from './guards.ts';
import type { Attempt, Container, Job, Seen, Write } from './state.ts';
import { attemptOf, hasEnded, interruptionLimit } from './state.ts';
import { closing } from './table.ts';

export interface Decision {
  readonly label: string;
  readonly change: Partial<Container>;
}

function exit(exitCode: number, label: string): Decision {
  return { label: `reads ${label}, will exit ${exitCode}`, change: { phase: 'exit', exitCode } };
}

/** Start(n) of the protocol. */
export function decideStart(
  protocol: Protocol,
  maxAttempts: number,
  container: Container,
  seen: Seen,
): Decision {
  const { job, attempts } = seen;
  const { guards } = protocol;
  if (job === null) return exit(75, 'no job');
  if (guards.startTerminal && hasEnded(job)) return exit(0, 'that the job has ended');
  const own = attemptOf(attempts, container.try);
  const higher = attempts.some((attempt, number) => attempt !== null && number > container.try);
  if (guards.startStale && (higher || (own !== null && own.status !== 'RUNNING'))) {
    return exit(75, 'that its attempt is over');
  }
  const write = (kind: Write['kind'], rest: Partial<Write>): Decision => ({
    label: `reads, decides to ${kind}`,
    change: {
      phase: 'write',
      write: { kind, job, set: {}, attempts: [], count: {}, heartbeatMoved: false, ...rest },
    },
  });
  if (guards.startBeyondLast && container.try >= maxAttempts) {
    const below = guards.beyondLastCap ? maxAttempts : container.try;
    const closed = closing(protocol, attempts, below, { running: true, missing: true });
    const set = { status: 'FAILED', runner: container.runner } as const;
    return write('beyondLast', { set, attempts: closed.attempts, count: { ...closed.count, jobs: 1 } });
  }
  if (own?.status === 'RUNNING') {
    if (own.runner === container.runner)
      return { label: 'reads that the attempt is its own', change: { phase: 'run' } };
    if (!guards.takeOver) return exit(75, 'that its attempt belongs to another container');
    return write(...takeOver(protocol, job, maxAttempts, container, own));
  }
  const closed = closing(protocol, attempts, container.try, {
    running: guards.startClosesRunning,
    missing: guards.startClosesMissing,
  });
  const put = { status: 'RUNNING', runner: container.runner, marked: false, interruptions: 0 } as const;
  return write('start', {
    set: { status: 'RUNNING', attempt: container.try, runner: container.runner },
    attempts: [...closed.attempts, { number: container.try, read: null, set: put }],
    count: { ...closed.count, jobRetry: (closed.count.jobRetry ?? 0) + (container.try > 0 ? 1 : 0) },
  });
}

/** Takes over the attempt of a container that marked itself interrupted, or whose heartbeat did not change: an interruption too. */
function takeOver(
  { guards }: Protocol,
  job: Job,
  maxAttempts: number,
  { try: number, runner }: Container,
  read: Attempt,
): [Write['kind'], Partial<Write>] {
  const interruptions = read.interruptions + (read.marked ? 0 : 1);
  const count = guards.takeOverCountsNothing ? {} : { jobRetry: 1 };
  if (interruptions < interruptionLimit || !guards.interruptionLimit) {
    const set = { runner, marked: false, interruptions };
    return ['takeOver', { job, set: { runner }, attempts: [{ number, read, set }], count }];
  }
  const last = number + 1 === maxAttempts;
  const set = { status: 'FAILED', marked: false, interruptions } as const;
  return [
    'tooOften',
    {
      job,
      set: last ? { runner, status: 'FAILED' } : { runner },
      attempts: [{ number, read, set }],
      count: { failedJob: 1, jobs: last ? 1 : 0 },
    },
  ];
}
