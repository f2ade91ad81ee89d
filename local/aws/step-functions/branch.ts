import type { Json, JsonObject } from './json.ts';
import { isJsonObject, parseJson, textOf } from './json.ts';
import type { Run } from './run.ts';
import type { Entry } from './store.ts';

/** A history event. */
export interface Event {
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
 * One path through the states: the execution's own, a Parallel state's branch, a Map state's iteration. All that
 * happens in it goes through `record` and `note`, which give back what the journal holds as long as it holds something.
 * What lies between two of these calls must depend on nothing else: that is what makes a replay end where it did before.
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
  /** The last event's id and time: what expressions draw their chance and their time from. */
  last: { id: number; time: number };
  /** The type of the state that was entered and not left; a failure elsewhere aborts it. */
  open: string | undefined;
  /** It came to its end. */
  ended = false;
  readonly #recorded: Entry[];

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
    this.#recorded = run.replayOf(path);
  }

  /** An event of this branch. Most lead on to the next one; a few (`leads` false) are not in its chain of previousEventId. */
  record(type: string, details?: JsonObject, { previous = this.previous, leads = true } = {}): Event {
    const recorded = this.#next(type);
    const entry = recorded ?? this.run.append({ branch: this.path, type }, details, previous);
    const id = entry.event_id ?? 0;
    this.last = { id, time: entry.time };
    if (leads) this.previous = id;
    return {
      id,
      previous: entry.previous_id ?? 0,
      time: entry.time,
      details: recorded === undefined ? (details ?? {}) : asObject(entry.details),
      replayed: recorded !== undefined,
    };
  }

  /** Something decided once that is no event: by chance or by the clock. */
  note(type: string, decide: () => JsonObject): JsonObject {
    const recorded = this.#next(type);
    if (recorded !== undefined) return asObject(recorded.details);
    const details = decide();
    this.run.append({ branch: this.path, type }, details, undefined);
    return details;
  }

  /** The state is left, with these variables assigned. */
  leave(assigned: Readonly<Record<string, Json>>): void {
    this.open = undefined;
    this.variables = { ...this.variables, ...assigned };
  }

  /** The type of what the journal holds next, if anything. */
  upcoming(): string | undefined {
    return this.#recorded[0]?.type;
  }

  /** The name of the state that the journal enters next, if it does. */
  upcomingState(): string | undefined {
    const [entry] = this.#recorded;
    return entry?.type.endsWith('StateEntered') === true
      ? textOf(asObject(entry.details), 'name')
      : undefined;
  }

  #next(type: string): Entry | undefined {
    this.signal.throwIfAborted();
    const entry = this.#recorded.shift();
    if (entry !== undefined && entry.type !== type) {
      // Only another version of the interpreter can have written this.
      throw new Error(`the journal holds ${entry.type} where ${type} was expected, in ${this.path}`);
    }
    return entry;
  }
}

function asObject(details: string | null): JsonObject {
  const value = parseJson(details ?? '{}');
  if (!isJsonObject(value))
    throw new Error(`the journal holds ${details ?? 'nothing'} for an event's details`);
  return value;
}
