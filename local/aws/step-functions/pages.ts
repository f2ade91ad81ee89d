import { cutPage, decodeToken, encodeToken } from '../paging.ts';
import { AwsError } from '../wire.ts';
import { type HistoryEvent, historyEvent } from './history.ts';
import type { ExecutionRecord, RecordedStatus, MachineRecord, StepFunctionsStore } from './store.ts';

/** The fields of a request for a page. */
export interface PageRequest {
  maxResults?: number | undefined;
  nextToken?: string | undefined;
}

export interface ExecutionsRequest extends PageRequest {
  stateMachineArn: string;
  statusFilter?: RecordedStatus | undefined;
}

export interface HistoryRequest extends PageRequest {
  executionArn: string;
  reverseOrder?: boolean | undefined;
  includeExecutionData?: boolean | undefined;
}

/** Reads a page of the state machines, by ARN. */
export function machinesPage(
  store: StepFunctionsStore,
  request: PageRequest,
): { stateMachines: MachineRecord[]; nextToken?: string } {
  const scope = 'machines';
  const size = pageSize(request);
  const records = store.machines(startKey(scope, request) ?? '', size + 1);
  const { items, ...rest } = cutPage(records, size, ({ arn }) => encodeToken(scope, arn));
  return { stateMachines: items, ...rest };
}

/** Reads a page of a machine's executions, the newest first. */
export function executionsPage(
  store: StepFunctionsStore,
  request: ExecutionsRequest,
): { executions: ExecutionRecord[]; nextToken?: string } {
  const { stateMachineArn: arn, statusFilter } = request;
  const scope = `executions ${arn} ${statusFilter ?? ''}`;
  const before = Number(startKey(scope, request) ?? Number.MAX_SAFE_INTEGER);
  const size = pageSize(request);
  const records = store.executionsOf(arn, statusFilter, before, size + 1);
  const { items, ...rest } = cutPage(records, size, ({ number }) => encodeToken(scope, number));
  return { executions: items, ...rest };
}

/** Reads a page of an execution's history, in either direction. */
export function historyPage(
  store: StepFunctionsStore,
  { number, arn }: ExecutionRecord,
  request: HistoryRequest,
): { events: HistoryEvent[]; nextToken?: string } {
  const { reverseOrder = false, includeExecutionData = true } = request;
  const scope = `history ${arn} ${String(reverseOrder)}`;
  const start = reverseOrder ? Number.MAX_SAFE_INTEGER : 0;
  const position = Number(startKey(scope, request) ?? start);
  const size = pageSize(request);
  const entries = store.history(number, position, size + 1, reverseOrder);
  const { items, ...rest } = cutPage(entries, size, (entry) => encodeToken(scope, entry.position));
  return { events: items.map((entry) => historyEvent(entry, includeExecutionData)), ...rest };
}

/** "The default is 100 and the maximum allowed page size is 1000. A value of 0 uses the default." */
function pageSize({ maxResults }: PageRequest): number {
  return maxResults === undefined || maxResults === 0 ? 100 : maxResults;
}

/** Reads the key after which a page starts; undefined for the first page. @throws AwsError InvalidToken */
function startKey(scope: string, { nextToken }: PageRequest): string | undefined {
  if (nextToken === undefined) return undefined;
  const key = decodeToken(scope, nextToken);
  if (key === undefined) throw new AwsError('InvalidToken', `Invalid Token: '${nextToken}'`);
  return key;
}
