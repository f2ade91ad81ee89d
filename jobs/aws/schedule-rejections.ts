import { SchedulerServiceException, ValidationException } from '@aws-sdk/client-scheduler';
import { InvalidRequest, TooManyRequests } from '../errors.ts';

/**
 * Whether EventBridge Scheduler has certainly not done what it was asked. A lost answer may be that of a request that is
 * still under way: then the item stays as it is, and sweep does the same again when nothing can be under way any more.
 */
export const isRefusal = (problem: unknown): boolean =>
  problem instanceof SchedulerServiceException && (problem.$metadata.httpStatusCode ?? 500) < 500;

/** What a caller may hear of EventBridge Scheduler's refusals. */
export function refusalOf(problem: unknown): unknown {
  if (!(problem instanceof SchedulerServiceException)) return problem;
  if (problem instanceof ValidationException) {
    const message = 'EventBridge Scheduler refuses it, together with the other fields.';
    const fields = ['timezone', 'cron', 'startAt', 'endAt'];
    return new InvalidRequest(
      'EventBridge Scheduler refuses the schedule.',
      fields.map((field) => ({ field, message })),
      problem,
    );
  }
  if (/Throttling|ServiceQuotaExceeded/.test(problem.name)) {
    return new TooManyRequests(
      'Too many schedules are made at once, or there are too many; try again later.',
      [],
      problem,
    );
  }
  return problem;
}
