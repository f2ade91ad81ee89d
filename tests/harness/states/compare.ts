import {
  isJsonObject,
  type Json,
  type JsonObject,
  parseJson,
} from '../../../local/aws/step-functions/json.ts';
import { difference } from './match.ts';
import type { RecordedCase, RecordedEvent } from './recorded-case.ts';

/** The end and the events of an execution that was replayed, in the form of the recordings. */
export interface ExecutionOutcome {
  status: string;
  output: Json | undefined;
  error: string | undefined;
  cause: string | undefined;
  events: RecordedEvent[];
}

/**
 * Describes the first difference from the recording: status, output, error, cause, then the events. Undefined if there
 * is none.
 */
export function compareHistories(recorded: RecordedCase, outcome: ExecutionOutcome): string | undefined {
  const { expectedStatus, expectedOutput = null, expectedError = null, expectedCause = null } = recorded;
  const result =
    difference(expectedStatus, outcome.status, 'status') ??
    (expectedStatus === 'SUCCEEDED'
      ? difference(expectedOutput, outcome.output, 'output')
      : (difference(expectedError, outcome.error ?? null, 'error') ??
        difference(expectedCause, outcome.cause ?? null, 'cause')));
  if (result !== undefined || recorded.expectedEvents == null) return result;
  const comparing = { exact: inOrder, interleaved, sorted: partlySorted };
  return comparing[recorded.eventOrder ?? 'exact'](recorded.expectedEvents, outcome.events);
}

function inOrder(expected: readonly RecordedEvent[], got: readonly RecordedEvent[]): string | undefined {
  for (const [index, event] of expected.entries()) {
    const problem = eventDifference(event, got[index], true);
    if (problem !== undefined) return `event ${event.id} ${event.type} ${problem}`;
  }
  return expected.length === got.length ? undefined : `${got.length} events instead of ${expected.length}`;
}

/** AWS's order is one of several: if the replay has another order, it must have the same events. */
function interleaved(expected: readonly RecordedEvent[], got: readonly RecordedEvent[]): string | undefined {
  return inOrder(expected, got) === undefined ? undefined : asMultiset(expected, got);
}

function asMultiset(expected: readonly RecordedEvent[], got: readonly RecordedEvent[]): string | undefined {
  const left = [...got];
  for (const event of expected) {
    const index = left.findIndex((one) => eventDifference(event, one, false) === undefined);
    if (index < 0) return `event ${event.type} is missing`;
    left.splice(index, 1);
  }
  return left.length === 0 ? undefined : `event ${left[0]?.type ?? ''} is not in the recording`;
}

/**
 * The recordings with a Parallel state lost the ids of the events inside it, and lost some events: the ids that remain
 * show the gaps. So an event with an id must have that id here, the others must exist, and additional events must fill
 * the gaps.
 */
function partlySorted(expected: readonly RecordedEvent[], got: readonly RecordedEvent[]): string | undefined {
  const left = [...got];
  const take = (index: number) => left.splice(index, 1);
  for (const event of expected.filter(({ id }) => id !== 0)) {
    const index = left.findIndex(({ id }) => id === event.id);
    const problem = eventDifference(event, left[index], true);
    if (problem !== undefined) return `event ${event.id} ${event.type} ${problem}`;
    take(index);
  }
  for (const event of expected.filter(({ id }) => id === 0)) {
    const index = left.findIndex((one) => eventDifference(event, one, false) === undefined);
    if (index < 0) return `event ${event.type} is missing`;
    take(index);
  }
  const gaps = Math.max(...expected.map(({ id }) => id)) - expected.length;
  return left.length === gaps ? undefined : `${left.length} events more than recorded, instead of ${gaps}`;
}

function eventDifference(
  expected: RecordedEvent,
  got: RecordedEvent | undefined,
  ids: boolean,
): string | undefined {
  if (got === undefined) return 'is missing';
  if (expected.type !== got.type) return `is ${got.type}`;
  if (ids && expected.id !== got.id) return `has id ${got.id}`;
  if (ids && expected.previousEventId !== got.previousEventId) {
    return `has previousEventId ${got.previousEventId} instead of ${expected.previousEventId}`;
  }
  return difference(expected.details ?? {}, got.details ?? {});
}

/** Converts details to the recordings' form: payloads are parsed. */
export function parsedDetails(details: JsonObject): Record<string, Json> {
  const parsed = (value: Json) => (typeof value === 'string' ? parseJson(value) : value);
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => {
      if (['input', 'output', 'parameters'].includes(name)) return [name, parsed(value)];
      if (name !== 'assignedVariables' || !isJsonObject(value)) return [name, value];
      return [
        name,
        Object.fromEntries(Object.entries(value).map(([variable, text]) => [variable, parsed(text)])),
      ];
    }),
  );
}
