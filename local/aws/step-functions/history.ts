import { isJsonObject, type Json, type JsonObject, parseJson } from './json.ts';
import type { ExecutionRecord, RecordedStatus, JournalEntry } from './store.ts';

/** An event as GetExecutionHistory returns it; the timestamp in epoch milliseconds. */
export interface HistoryEvent {
  id: number;
  previousEventId: number;
  type: string;
  timestamp: number;
  [details: `${string}EventDetails`]: JsonObject;
}

/** The details that `includeExecutionData: false` leaves out. */
const executionData = ['input', 'output', 'parameters', 'assignedVariables'];

/** Converts a journal entry to a history event (API reference, HistoryEvent). */
export function historyEvent(entry: JournalEntry, includeExecutionData: boolean): HistoryEvent {
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
    : Object.fromEntries(Object.entries(details).filter(([name]) => !executionData.includes(name)));
  return event;
}

/** Names the details of an event; the entered and exited events of all states share one name. */
function detailsName(type: string): string {
  const state = /State(Entered|Exited)$/.exec(type);
  return state === null ? type.charAt(0).toLowerCase() + type.slice(1) : `state${state[1] ?? ''}`;
}

/** The detail of EventBridge's "Step Functions Execution Status Change"; dates in epoch milliseconds. */
export interface StatusChange {
  executionArn: string;
  stateMachineArn: string;
  name: string;
  status: RecordedStatus;
  startDate: number;
  stopDate: number | null;
  input: string;
  output: string | null;
  error: string | null;
  cause: string | null;
}

/** Converts an execution to the detail of its status change. */
export function statusChange(execution: ExecutionRecord): StatusChange {
  const { arn, machine_arn, name, status, started, stopped, input, output, error, cause } = execution;
  const identity = { executionArn: arn, stateMachineArn: machine_arn, name, status };
  return { ...identity, startDate: started, stopDate: stopped, input, output, error, cause };
}
