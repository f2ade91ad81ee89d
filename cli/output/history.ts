import type { HistoryEntry } from '../../api/responses/job.ts';
import { table } from './table.ts';
import { printable } from './text.ts';

/** What Step Functions did, an event a line. */
export const renderHistory = (events: readonly HistoryEntry[], width?: number): string =>
  table(
    ['AT', 'EVENT', 'STATE', 'ATTEMPT', 'ERROR'],
    events.map(({ at, type, state, attempt, error, cause }) => [
      at,
      type,
      state ?? '',
      attempt === undefined ? '' : String(attempt),
      printable([error, cause].filter((part) => part !== undefined && part !== '').join(': ')),
    ]),
    width,
  );
