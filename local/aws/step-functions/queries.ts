import type { HistoryEvent } from './history.ts';
import { historyEvent } from './history.ts';
import { fromToken, page, pageSize, toToken } from '../paging.ts';
import type { ExecutionRecord, ExecutionStatus, Store } from './store.ts';

interface Paged {
  maxResults?: number | undefined;
  nextToken?: string | undefined;
}

export interface ListRequest extends Paged {
  stateMachineArn: string;
  statusFilter?: ExecutionStatus | undefined;
}

/** A page of a machine's executions, the newest first. */
export function listExecutions(
  store: Store,
  { stateMachineArn: arn, statusFilter, maxResults, nextToken }: ListRequest,
): { executions: ExecutionRecord[]; nextToken?: string } {
  const scope = `executions ${arn} ${statusFilter ?? ''}`;
  const before = nextToken === undefined ? Number.MAX_SAFE_INTEGER : Number(fromToken(scope, nextToken));
  const size = pageSize(maxResults);
  const found = store.executionsOf(arn, statusFilter, before, size + 1);
  const { items, ...rest } = page(found, size, ({ number }) => toToken(scope, number));
  return { executions: items, ...rest };
}

export interface HistoryRequest extends Paged {
  executionArn: string;
  reverseOrder?: boolean | undefined;
  includeExecutionData?: boolean | undefined;
}

/** A page of an execution's history, in either direction. */
export function executionHistory(
  store: Store,
  { number, arn }: ExecutionRecord,
  { reverseOrder = false, includeExecutionData = true, maxResults, nextToken }: HistoryRequest,
): { events: HistoryEvent[]; nextToken?: string } {
  const scope = `history ${arn} ${String(reverseOrder)}`;
  const start = reverseOrder ? Number.MAX_SAFE_INTEGER : 0;
  const beyond = nextToken === undefined ? start : Number(fromToken(scope, nextToken));
  const size = pageSize(maxResults);
  const found = store.history(number, beyond, size + 1, reverseOrder);
  const { items, ...rest } = page(found, size, ({ position }) => toToken(scope, position));
  return { events: items.map((entry) => historyEvent(entry, includeExecutionData)), ...rest };
}
