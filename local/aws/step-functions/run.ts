import { Branch } from './branch.ts';
import type { Clock } from '../clock.ts';
import type { StateMachine } from './state-machine-definition.ts';
import { StateFailure, Stopped } from './errors.ts';
import type { Integration } from './integration.ts';
import type { Json } from './json.ts';
import { jsonText, parseJson } from './json.ts';
import { HISTORY_LIMIT } from './limits.ts';
import { runStates } from './interpreter.ts';
import type { Entry, ExecutionRecord, ExecutionStatus, Store } from './store.ts';

/** What every run shares. */
export interface Surroundings {
  store: Store;
  clock: Clock;
  random: () => number;
  region: string;
  integrationFor(resource: string): Integration | undefined;
}

/** What the journal already holds of an execution: its highest position and event id, and what is to be replayed. */
export interface Recorded {
  position: number;
  event: number;
  entries: Entry[];
}

/**
 * One execution being run. It starts from its first state each time, also after a restart or redrive: what the journal
 * holds is taken from there (see Branch), and where it ends the execution goes on.
 */
export class Run {
  readonly surroundings: Surroundings;
  readonly machine: StateMachine;
  readonly input: Json;
  /** Changes only when the run ends. */
  execution: ExecutionRecord;
  readonly #replay = new Map<string, Entry[]>();
  readonly #stop = new AbortController();
  readonly #onEnd: (execution: ExecutionRecord) => void;
  #position: number;
  #event: number;
  /** Ended, stopped or left behind by a closing service: nothing is written any more. */
  #closed = false;
  #main: Branch | undefined;

  constructor(
    surroundings: Surroundings,
    machine: StateMachine,
    execution: ExecutionRecord,
    onEnd: (execution: ExecutionRecord) => void,
    recorded: Recorded,
  ) {
    this.surroundings = surroundings;
    this.machine = machine;
    this.execution = execution;
    this.input = parseJson(execution.input);
    this.#onEnd = onEnd;
    this.#position = recorded.position;
    this.#event = recorded.event;
    for (const entry of recorded.entries) {
      const branch = entry.branch ?? '';
      const entries = this.#replay.get(branch);
      if (entries === undefined) this.#replay.set(branch, [entry]);
      else entries.push(entry);
    }
  }

  /** Runs to the end; never throws. */
  async start(): Promise<void> {
    void this.#watchTimeout();
    try {
      const main = new Branch(this, 'main', this.#stop.signal, 0, {});
      this.#main = main;
      const output = jsonText(await runStates(this.machine, this.input, main));
      this.#end(
        'SUCCEEDED',
        'ExecutionSucceeded',
        { output, outputDetails: { truncated: false } },
        { output },
      );
    } catch (thrown) {
      if (thrown instanceof Stopped || this.#closed) return;
      // Anything else is a defect here; the execution must still end.
      const defect = thrown instanceof Error ? thrown.message : String(thrown);
      this.#fail(thrown instanceof StateFailure ? thrown : new StateFailure('States.Runtime', defect));
    }
  }

  /** Ends the execution as StopExecution does: at once, whatever was running or waiting. */
  abort(error: string | undefined, cause: string | undefined): void {
    const details = new StateFailure(error, cause).details();
    this.#end('ABORTED', 'ExecutionAborted', details, details, 0);
  }

  #fail(failure: StateFailure): void {
    this.#end('FAILED', 'ExecutionFailed', failure.details(), failure.details());
  }

  /** Leaves the execution as it is, to be gone on with by a later process. Tasks are not told: they may go on. */
  abandon(): void {
    this.#closed = true;
  }

  /** Appends to the journal. `type` of an event is AWS's. */
  append(
    line: Pick<Entry, 'branch' | 'type'>,
    details: Json | undefined,
    previous: number | undefined,
  ): Entry {
    if (this.#closed) throw new Stopped();
    if (previous !== undefined && this.#event >= HISTORY_LIMIT - 1 && !line.type.startsWith('Execution')) {
      const limit = `The execution reached the maximum number of history events (${HISTORY_LIMIT}).`;
      this.#fail(new StateFailure('States.Runtime', limit));
      throw new Stopped();
    }
    const entry: Entry = {
      ...line,
      position: ++this.#position,
      event_id: previous === undefined ? null : ++this.#event,
      previous_id: previous ?? null,
      time: this.surroundings.clock.now(),
      details: details === undefined ? null : JSON.stringify(details),
    };
    this.surroundings.store.addEntry(this.execution.number, entry);
    return entry;
  }

  /** What the journal holds of a branch, handed out once. */
  replayOf(path: string): Entry[] {
    const entries = this.#replay.get(path) ?? [];
    this.#replay.delete(path);
    return entries;
  }

  /** "TimeoutSeconds: the maximum number of seconds an execution can run"; a redrive starts it anew. */
  async #watchTimeout(): Promise<void> {
    if (this.machine.TimeoutSeconds === undefined) return;
    const since = this.execution.redriven ?? this.execution.started;
    try {
      await this.surroundings.clock.sleepUntil(since + this.machine.TimeoutSeconds * 1000, this.#stop.signal);
    } catch {
      return;
    }
    this.#end('TIMED_OUT', 'ExecutionTimedOut', {}, {}, 0);
  }

  #end(
    status: ExecutionStatus,
    type: string,
    details: Json,
    result: Partial<ExecutionRecord>,
    previous = this.#main?.previous ?? 0,
  ): void {
    if (this.#closed) return;
    const event = this.append({ branch: null, type }, details, previous);
    this.#closed = true;
    this.execution = { ...this.execution, ...result, status, stopped: event.time };
    this.surroundings.store.updateExecution(this.execution, () => {
      this.#onEnd(this.execution);
    });
    // After the journal: whoever hears of it finds the end already decided.
    this.#stop.abort(new Stopped());
  }
}
