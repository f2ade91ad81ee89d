import type { Clock } from '../clock.ts';
import { Branch } from './branch.ts';
import { StateFailure, Stopped } from './errors.ts';
import type { Integration } from './integration.ts';
import { runStates } from './interpreter.ts';
import { type Json, jsonText, parseJson } from './json.ts';
import { historyLimit } from './limits.ts';
import type { StateMachine } from './state-machine-definition.ts';
import type { ExecutionRecord, RecordedStatus, JournalEntry, StepFunctionsStore } from './store.ts';

/** What every run shares. */
export interface RunDependencies {
  store: StepFunctionsStore;
  clock: Clock;
  random: () => number;
  region: string;
  integrationFor(resource: string): Integration | undefined;
}

/** What the journal already holds of an execution: its highest position and event id, and the entries to replay. */
export interface RecordedProgress {
  position: number;
  event: number;
  entries: JournalEntry[];
}

/**
 * One execution being run. It starts from its first state each time, also after a restart or redrive: what the journal
 * holds is replayed (see Branch), and where the journal ends the execution continues.
 */
export class Run {
  readonly dependencies: RunDependencies;
  readonly machine: StateMachine;
  readonly input: Json;
  /** Changes only when the run ends. */
  execution: ExecutionRecord;
  readonly #recorded = new Map<string, JournalEntry[]>();
  readonly #stop = new AbortController();
  readonly #onEnd: (execution: ExecutionRecord) => void;
  #position: number;
  #event: number;
  /** Ended, stopped or left behind by a closing service: nothing more is written. */
  #closed = false;
  #main: Branch | undefined;

  constructor(
    dependencies: RunDependencies,
    machine: StateMachine,
    execution: ExecutionRecord,
    onEnd: (execution: ExecutionRecord) => void,
    progress: RecordedProgress,
  ) {
    this.dependencies = dependencies;
    this.machine = machine;
    this.execution = execution;
    this.input = parseJson(execution.input);
    this.#onEnd = onEnd;
    this.#position = progress.position;
    this.#event = progress.event;
    for (const entry of progress.entries) {
      const branch = entry.branch ?? '';
      const entries = this.#recorded.get(branch);
      if (entries === undefined) this.#recorded.set(branch, [entry]);
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

  /** Leaves the execution as it is, for a later process to resume. Tasks are not aborted: they may continue. */
  abandon(): void {
    this.#closed = true;
  }

  /** Appends an entry to the journal. The `type` of an event is AWS's. */
  append(
    entryType: Pick<JournalEntry, 'branch' | 'type'>,
    details: Json | undefined,
    previous: number | undefined,
  ): JournalEntry {
    if (this.#closed) throw new Stopped();
    if (
      previous !== undefined &&
      this.#event >= historyLimit - 1 &&
      !entryType.type.startsWith('Execution')
    ) {
      const limit = `The execution reached the maximum number of history events (${historyLimit}).`;
      this.#fail(new StateFailure('States.Runtime', limit));
      throw new Stopped();
    }
    const entry: JournalEntry = {
      ...entryType,
      position: ++this.#position,
      event_id: previous === undefined ? null : ++this.#event,
      previous_id: previous ?? null,
      time: this.dependencies.clock.now(),
      details: details === undefined ? null : JSON.stringify(details),
    };
    this.dependencies.store.addEntry(this.execution.number, entry);
    return entry;
  }

  /** Takes what the journal holds of a branch; a second call returns nothing. */
  takeRecorded(path: string): JournalEntry[] {
    const entries = this.#recorded.get(path) ?? [];
    this.#recorded.delete(path);
    return entries;
  }

  /** "TimeoutSeconds: the maximum number of seconds an execution can run"; a redrive restarts it. */
  async #watchTimeout(): Promise<void> {
    if (this.machine.TimeoutSeconds === undefined) return;
    const { clock } = this.dependencies;
    const since = this.execution.redriven ?? this.execution.started;
    try {
      await clock.sleepUntil(since + this.machine.TimeoutSeconds * 1000, this.#stop.signal);
    } catch {
      return;
    }
    this.#end('TIMED_OUT', 'ExecutionTimedOut', {}, {}, 0);
  }

  #end(
    status: RecordedStatus,
    type: string,
    details: Json,
    result: Partial<ExecutionRecord>,
    previous = this.#main?.previous ?? 0,
  ): void {
    if (this.#closed) return;
    const event = this.append({ branch: null, type }, details, previous);
    this.#closed = true;
    this.execution = { ...this.execution, ...result, status, stopped: event.time };
    this.dependencies.store.updateExecution(this.execution, () => {
      this.#onEnd(this.execution);
    });
    // After the journal: all that reacts to the signal finds the end already decided.
    this.#stop.abort(new Stopped());
  }
}
