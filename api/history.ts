import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { HistoryEntry } from './responses/history.ts';
import { limits } from '../jobs/protocol.ts';

/** What an event says besides its type; each type of event has its details in a field of its own. */
interface Details {
  name?: string | undefined;
  resourceType?: string | undefined;
  error?: string | undefined;
  cause?: string | undefined;
}

const detailsOf = (event: HistoryEvent): Details =>
  Object.entries(event)
    .filter(([field]) => field.endsWith('EventDetails'))
    .map(([, details]: [string, Details]) => details)[0] ?? {};

/**
 * A history as people read it: each event with its state and try, without the texts of inputs and outputs, which hold
 * nothing of the job that GET /jobs/{jobId} does not show.
 * @param events in the order of their ids.
 */
export function readableHistory(events: readonly HistoryEvent[]): HistoryEntry[] {
  let state: string | undefined;
  let attempt = -1;
  return events.map((event) => {
    const { name, resourceType, error, cause } = detailsOf(event);
    const type = event.type ?? '';
    if (type.endsWith('StateEntered')) state = name;
    if (type.startsWith('Execution')) state = undefined;
    if (type === 'TaskScheduled' && resourceType === 'eks') attempt += 1;
    return {
      at: (event.timestamp ?? new Date(0)).toISOString(),
      type,
      ...(state !== undefined && { state }),
      ...(state === 'RunJob' && attempt >= 0 && resourceType === 'eks' && { attempt }),
      ...(error !== undefined && { error }),
      ...(cause !== undefined && { cause: cause.slice(0, limits.errorMessageBytes) }),
    };
  });
}
