import { jobIdPrefix } from '../ids.ts';
import type { JobFilter } from '../ports.ts';

/** A FilterExpression, with its placeholders. */
interface FilterExpression {
  expression: string;
  names: Record<string, string>;
  values: Record<string, string | number>;
}

/** Makes the filter of what the key condition cannot express. An expired job is left out: DynamoDB may not have removed it yet. */
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
