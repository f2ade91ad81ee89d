import type { Json, JsonObject } from './json.ts';
import { isJsonObject, parseJson } from './json.ts';
import type { Entry } from './store.ts';

/** An event as GetExecutionHistory gives it; the timestamp in epoch milliseconds. */
export interface HistoryEvent {
  id: number;
  previousEventId: number;
  type: string;
  timestamp: number;
  [details: `${string}EventDetails`]: JsonObject;
}

/** What includeExecutionData false leaves out. */
const EXECUTION_DATA = ['input', 'output', 'parameters', 'assignedVariables'];

/** Makes AWS's form of an event from its journal entry (API reference, HistoryEvent). */
export function historyEvent(entry: Entry, includeExecutionData: boolean): HistoryEvent {
  const event: HistoryEvent = {
    id: entry.event_id ?? 0,
    previousEventId: entry.previous_id ?? 0,
    type: entry.type,
    timestamp: entry.time,
  };
  if (entry.details === null) return event;
  const parsed: Json = parseJson(entry.details);
  const details = isJsonObject(parsed) ? parsed : {};
  event[`${detailsName(entry.type)}EventDetails`] = includeExecutionData
    ? details
    : Object.fromEntries(Object.entries(details).filter(([name]) => !EXECUTION_DATA.includes(name)));
  return event;
}

/** The entered and exited events of all states share one kind of details. */
function detailsName(type: string): string {
  const state = /State(Entered|Exited)$/.exec(type);
  return state === null ? type.charAt(0).toLowerCase() + type.slice(1) : `state${state[1] ?? ''}`;
}
