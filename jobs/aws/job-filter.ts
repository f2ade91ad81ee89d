import type { JobStatus } from '../protocol.ts';
import { jobIdPrefix } from '../schedules/id.ts';

/** Which jobs: times are RFC 3339, `from` included, `to` not and later; `after` is a position. */
export interface JobFilter {
  from?: string | undefined;
  to?: string | undefined;
  status?: JobStatus | undefined;
  scheduleId?: string | undefined;
  /** All of them, key and value. */
  label?: readonly (readonly [key: string, value: string])[] | undefined;
  after?: string | undefined;
  limit: number;
}

/** A FilterExpression, with its placeholders. */
export interface FilterExpression {
  expression: string;
  names: Record<string, string>;
  values: Record<string, string | number>;
}

/** What the key condition cannot say. An expired job is none, although DynamoDB may not have removed it yet. */
export function filterExpression(
  { status, scheduleId, label = [] }: JobFilter,
  now: number,
): FilterExpression {
  const terms = ['(attribute_not_exists(expiresAt) OR expiresAt > :now)'];
  const names: Record<string, string> = {};
  const values: Record<string, string | number> = { ':now': Math.floor(now / 1000) };
  if (status !== undefined) {
    terms.push('#status = :status');
    names['#status'] = 'status';
    values[':status'] = status;
  }
  if (scheduleId !== undefined) {
    terms.push('begins_with(#jobId, :jobIdPrefix)');
    names['#jobId'] = 'jobId';
    values[':jobIdPrefix'] = jobIdPrefix(scheduleId);
  }
  for (const [index, [key, value]] of label.entries()) {
    terms.push(`#labels.#label${index} = :label${index}`);
    names['#labels'] = 'labels';
    names[`#label${index}`] = key;
    values[`:label${index}`] = value;
  }
  return { expression: terms.join(' AND '), names, values };
}
