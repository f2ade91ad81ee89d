import { isJsonObject, type Json, type JsonObject, parseJson, textField } from './json.ts';
import type { Run } from './run.ts';
import type { State } from './state-machine-definition.ts';
import type { JournalEntry } from './store.ts';

/** A history event of a branch. */
export interface BranchEvent {
  id: number;
  previous: number;
  time: number;
  details: JsonObject;
  /** It happened before a restart or redrive. */
  replayed: boolean;
}

/** The item of a Map state that a branch works on, for $states.context.Map. */
export interface MapItem {
  Index: number;
  Value: Json;
}

/**
 * One path through the states: the execution's main path, a Parallel state's branch, a Map state's iteration. All that
 * happens in it goes through `record` and `decideOnce`, which return what the journal holds as long as it holds
 * something. The code between two of these calls must depend on nothing else, so that a replay ends where it did
 * before.
 */
export class Branch {
  readonly run: Run;
  /** Stable over restarts: "main", and below it the id of the event that started the branches, and its index. */
  readonly path: string;
  readonly signal: AbortSignal;
  readonly item: MapItem | undefined;
  variables: Readonly<Record<string, Json>>;
  /** The previousEventId of the next event. */
  previous: number;
  /** The last event's id and time: expressions take their random values and their time from it. */
  last: { id: number; time: number };
  /** The type of the state that was entered and not exited; a failure elsewhere aborts it. */
  openState: State['Type'] | undefined;
  /** It ran to its end. */
  ended = false;
  readonly #recorded: JournalEntry[];

  constructor(
    run: Run,
    path: string,
    signal: AbortSignal,
    previous: number,
    variables: Readonly<Record<string, Json>>,
    item?: MapItem,
  ) {
    this.run = run;
    this.path = path;
    this.signal = signal;
    this.previous = previous;
    this.variables = variables;
    this.item = item;
    this.last = { id: previous, time: run.execution.started };
    this.#recorded = run.takeRecorded(path);
  }

  /**
   * Records an event, or replays it. Most become the previous event of the next one; a few (`chained` false) do not.
   */
  record(type: string, details?: JsonObject, { previous = this.previous, chained = true } = {}): BranchEvent {
    const recorded = this.#takeNext(type);
    const entry = recorded ?? this.run.append({ branch: this.path, type }, details, previous);
    const id = entry.event_id ?? 0;
    this.last = { id, time: entry.time };
    if (chained) this.previous = id;
    return {
      id,
      previous: entry.previous_id ?? 0,
      time: entry.time,
      details: recorded === undefined ? (details ?? {}) : parseDetails(entry.details),
      replayed: recorded !== undefined,
    };
  }

  /** Makes a decision that depends on chance or the clock, or replays it. It is not a history event. */
  decideOnce(type: string, decide: () => JsonObject): JsonObject {
    const recorded = this.#takeNext(type);
    if (recorded !== undefined) return parseDetails(recorded.details);
    const details = decide();
    this.run.append({ branch: this.path, type }, details, undefined);
    return details;
  }

  /** Notes that the state was exited, with these variables assigned. */
  closeState(assigned: Readonly<Record<string, Json>>): void {
    this.openState = undefined;
    this.variables = { ...this.variables, ...assigned };
  }

  /** Reads the type of the entry that is replayed next; undefined when the journal holds nothing more. */
  nextRecordedType(): string | undefined {
    return this.#recorded[0]?.type;
  }

  /** Reads the name of the state that the journal enters next, if it does. */
  nextRecordedState(): string | undefined {
    const [entry] = this.#recorded;
    return entry?.type.endsWith('StateEntered') === true
      ? textField(parseDetails(entry.details), 'name')
      : undefined;
  }

  #takeNext(type: string): JournalEntry | undefined {
    this.signal.throwIfAborted();
    const entry = this.#recorded.shift();
    if (entry !== undefined && entry.type !== type) {
      // Only another version of the interpreter can have written this.
      throw new Error(`the journal holds ${entry.type} where ${type} was expected, in ${this.path}`);
    }
    return entry;
  }
}

function parseDetails(details: string | null): JsonObject {
  const value = parseJson(details ?? '{}');
  if (!isJsonObject(value))
    throw new Error(`the journal holds ${details ?? 'nothing'} for an event's details`);
  return value;
}
