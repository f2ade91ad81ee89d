/** Makes a short string of a state. States that differ only in names, or in what is not read any more, have the same string. */
import type { Attempts, Container, Half, Job, State, Write } from './state.ts';
import { attemptOf } from './state.ts';

const statusCodes = { QUEUED: 1, RUNNING: 2, SUCCEEDED: 3, FAILED: 4, CANCELLED: 5, TIMED_OUT: 6 } as const;
const kindCodes = {
  create: 1,
  start: 2,
  takeOver: 3,
  tooOften: 4,
  beyondLast: 5,
  settle: 6,
  cancel: 7,
} as const;
const phaseCodes = {
  read: 1,
  half: 2,
  write: 3,
  run: 4,
  unsure: 5,
  exit: 6,
  clean: 7,
  idle: 8,
  stop: 9,
  done: 10,
} as const;
const executionCodes = {
  absent: 0,
  register: 1,
  registerAgain: 2,
  backoff: 3,
  run: 4,
  settle: 5,
  SUCCEEDED: 6,
  FAILED: 7,
  ABORTED: 8,
  TIMED_OUT: 9,
} as const;
const byCodes = { machine: 0, event: 1, sweep: 2 } as const;

/**
 * Left out: the counters, because a state in which they do not match the attempts is a violation already; the details of a
 * closed attempt; the excuse of a closed attempt. Runners are numbered in the order of the containers, which are sorted by
 * what they do, so that states that differ only in the names of runners are one.
 */
export function keyOf(state: State): string {
  const order = state.containers.slice();
  if (order.length > 1) order.sort((left, right) => rank(state, left) - rank(state, right));
  const names = [0];
  for (const { runner } of order) names.push(runner);
  const name = (runner: number): number => {
    const given = names.indexOf(runner);
    return given === -1 ? names.push(runner) - 1 : given;
  };
  const codes: number[] = [];
  putJob(codes, state.job, name);
  if (state.job !== null) codes.push(state.job.permanent ? 1 : 0, state.job.open ? 1 : 0);
  putAttempts(codes, state.attempts, name);
  let bits = 1;
  state.attempts.forEach((attempt, number) => {
    const closed = attempt !== null && attempt.status !== 'RUNNING';
    bits = bits * 2 + (!closed && state.excuses[number] === true ? 1 : 0);
  });
  codes.push(bits + state.maxAttempts * 16);
  for (const execution of state.executions) {
    const { phase, next, retries, tries, event, gaveUp } = execution;
    codes.push(
      executionCodes[phase] * 16 + (gaveUp === null ? 0 : gaveUp === 'submit' ? 4 : 8) + (event ? 1 : 0),
      (next * 16 + tries) * 4 + retries,
    );
  }
  codes.push(state.containers.length * 8 + state.settles.length);
  for (const container of order) putContainer(codes, state, container, name);
  const settles = state.settles.map((settle) => {
    const part: number[] = [byCodes[settle.by] * 32 + settle.execution * 16 + phaseCodes[settle.phase]];
    putHalf(part, settle.half, name);
    putWrite(part, settle.write, name);
    return String.fromCharCode(...part);
  });
  if (settles.length > 1) settles.sort();
  codes.push(phaseCodes[state.cancel.phase] * 2 + (state.cancel.promised ? 1 : 0));
  putHalf(codes, state.cancel.half, name);
  putWrite(codes, state.cancel.write, name);
  return String.fromCharCode(...codes) + settles.join('');
}

type Name = (runner: number) => number;

function rank(state: State, container: Container): number {
  let value = container.execution * 16 + container.try;
  value = value * 2 + (container.current ? 1 : 0);
  value = value * 16 + phaseCodes[container.phase];
  value = value * 8 + (container.write === null ? 0 : kindCodes[container.write.kind]);
  value = value * 2 + (state.job?.runner === container.runner ? 1 : 0);
  value = value * 2 + (container.exitCode === 0 ? 1 : 0);
  return value * 2 + (container.verdict ? 1 : 0);
}

function putJob(codes: number[], job: Job | null, name: Name): void {
  if (job === null) codes.push(0);
  else codes.push(statusCodes[job.status] * 16 + job.execution * 8 + (job.attempt + 1), name(job.runner));
}

function putAttempts(codes: number[], attempts: Attempts, name: Name): void {
  for (const attempt of attempts) {
    if (attempt === null) codes.push(0);
    else if (attempt.status !== 'RUNNING') codes.push(statusCodes[attempt.status]);
    else codes.push(16 + (attempt.marked ? 8 : 0) + attempt.interruptions, name(attempt.runner));
  }
}

function putHalf(codes: number[], half: Half | null, name: Name): void {
  if (half === null) return;
  if ('attempts' in half) putAttempts(codes, half.attempts, name);
  else putJob(codes, half.job, name);
}

function putContainer(codes: number[], state: State, container: Container, name: Name): void {
  codes.push(
    ((container.execution * 16 + container.try) * 2 + (container.current ? 1 : 0)) * 4 +
      (container.verdict ? 2 : 0) +
      (container.exitCode === 0 ? 1 : 0),
    phaseCodes[container.phase] * 2 +
      (attemptOf(state.attempts, container.try)?.runner === container.runner ? 1 : 0),
    name(container.runner),
  );
  putHalf(codes, container.half, name);
  putWrite(codes, container.write, name);
}

/** Adds what a decision depends on: the job as it was read, and what it changes in which attempt as it was read. */
function putWrite(codes: number[], write: Write | null, name: Name): void {
  if (write === null) return;
  codes.push(kindCodes[write.kind] * 2 + (write.heartbeatMoved ? 1 : 0), write.attempts.length);
  if (write.set.status !== undefined) codes.push(statusCodes[write.set.status]);
  putJob(codes, write.job, name);
  for (const { number, read, set } of write.attempts) {
    codes.push(
      number * 8 + (set.status === undefined ? 0 : statusCodes[set.status]),
      read === null ? 0 : 1 + name(read.runner),
    );
    codes.push(set.interruptions ?? 0);
  }
}
