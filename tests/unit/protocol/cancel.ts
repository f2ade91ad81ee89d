/** Cancel: the record first, then StopExecution. If cancel is cut off in between, the record is there for the next one. */
import type { Protocol } from './guards.ts';
import { running, stopped } from './machine.ts';
import { create, missed } from './settle.ts';
import type { Cancel, Emit, Seen, State } from './state.ts';
import { attemptOf, hasEnded } from './state.ts';
import { commit, holds, reading } from './table.ts';

export function cancelSteps(protocol: Protocol, state: State, emit: Emit): void {
  const { cancel, job } = state;
  const become = (change: Partial<Cancel>, from: State = state): State => ({
    ...from,
    cancel: { ...cancel, ...change },
  });
  switch (cancel.phase) {
    case 'idle':
      if (!hasEnded(job)) emit('a caller cancels the job', 0, 'fault', become({ phase: 'read' }));
      return;
    case 'read':
    case 'half':
      reading(protocol, state, cancel.phase, cancel.half, {
        first: (label, half) => {
          emit(`cancel: ${label}`, 0, 'step', become({ phase: 'half', half }));
        },
        complete: (seen) => {
          emit(
            'cancel: reads, decides',
            0,
            'step',
            become({ half: null, ...decideCancel(protocol, state, seen) }),
          );
        },
      });
      return;
    case 'write':
      if (cancel.write === null || !holds(protocol, state, cancel.write)) return;
      emit(
        'cancel: writes',
        0,
        'step',
        become({ phase: 'stop', write: null, promised: true }, commit(state, cancel.write)),
      );
      return;
    case 'stop': {
      const execution = job?.execution ?? 0;
      const done = become({ phase: 'done', promised: true });
      emit(
        'cancel: stops execution #',
        execution,
        'step',
        running(state, execution) ? stopped(done, execution, 'ABORTED') : done,
      );
      emit('cancel: crashes before StopExecution', 0, 'fault', become({ phase: 'done' }));
      return;
    }
    case 'done':
      return;
  }
}

function decideCancel({ guards }: Protocol, state: State, { job, attempts: seen }: Seen): Partial<Cancel> {
  const done = { phase: 'done' } as const;
  if (job === null) {
    // The execution that is named after the job stands for it; once it has ended, Settle records the job.
    if (!running(state, 0)) return done;
    if (!guards.cancelCreates) return { phase: 'stop' };
    return { phase: 'write', write: { ...create(0, 'CANCELLED'), kind: 'cancel' } };
  }
  if (hasEnded(job)) return done;
  if (guards.fencedAttempt && missed(job, seen)) return { phase: 'read' };
  const read = attemptOf(seen, job.attempt);
  const open = guards.cancelClosesAttempt && read !== null && read.status === 'RUNNING';
  const attempts = open
    ? [{ number: job.attempt, read, set: { status: 'CANCELLED', marked: false } as const }]
    : [];
  const write = {
    kind: 'cancel',
    job,
    set: { status: 'CANCELLED' },
    attempts,
    count: { jobs: 1 },
    heartbeatMoved: false,
  } as const;
  return { phase: 'write', write };
}
