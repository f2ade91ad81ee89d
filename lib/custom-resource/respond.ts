import { UserError } from '../user-error.ts';
import {
  CustomResourceRequest,
  type CustomResourceResponse,
  maximumSendingTime,
  sendResponse,
} from './cloudformation.ts';

/** What responding needs of the Lambda function. */
export interface CustomResourceFunction {
  /** Returns how long the function may still run, in milliseconds. */
  remaining: () => number;
  /** Where the function's log is. */
  log: string;
  report?: (message: string, details: Record<string, unknown>) => void;
}

/** The state of one request's work. */
export interface CustomResourceWork {
  /** The id that a failed response contains. CloudFormation requests the deletion of this id after a failed Create. */
  resource: { id: string };
  /** Aborted when the time of the work is up. */
  signal: AbortSignal;
  /** Logs a step. The response names the last step if the time is up. */
  note: (step: string) => void;
}

/** The id of a resource that was rejected before anything was made: its deletion, which follows, has nothing to do. */
export const idOfNothing = 'nothing-was-made';

/**
 * Does the work that CloudFormation requests and sends the response: after any failure, and before the function's own time is up.
 * @throws Error when the request has no address for a response, or the response is not accepted.
 */
export async function respondToCloudFormation(
  event: unknown,
  lambda: CustomResourceFunction,
  handle: (request: CustomResourceRequest, work: CustomResourceWork) => Promise<CustomResourceResponse>,
): Promise<void> {
  const request = CustomResourceRequest.parse(event);
  const { report = () => undefined, remaining } = lambda;
  const control = new AbortController();
  const left = remaining();
  // Half of it, if the function has hardly any time.
  const time = Math.max(left - maximumSendingTime, left / 2);
  let lastStep = 'nothing';
  const work: CustomResourceWork = {
    resource: { id: request.PhysicalResourceId ?? idOfNothing },
    signal: control.signal,
    note: (step) => {
      lastStep = step;
      report(step, {});
    },
  };
  const timer = setTimeout(() => {
    const seconds = Math.round(time / 1000);
    control.abort(new UserError(`it took longer than ${seconds} s; the last step: ${lastStep}`));
  }, time);
  let response: CustomResourceResponse;
  try {
    response = await beforeTimeIsUp(() => handle(request, work), control.signal);
  } catch (error) {
    report('failed', { error });
    const { id } = work.resource;
    response = { Status: 'FAILED', PhysicalResourceId: id, Reason: failureReason(error, lambda.log) };
  } finally {
    clearTimeout(timer);
  }
  report('responding', { requestType: request.RequestType, ...response });
  await sendResponse(request, response);
}

/** Does the work, and rejects as soon as the signal is aborted, even if work is under way. */
async function beforeTimeIsUp<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  const timeIsUp = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
  return await Promise.race([work(), timeIsUp]);
}

/** Describes a failure. One that the reader can correct needs no log; for any other the log has the details. */
function failureReason(error: unknown, log: string): string {
  if (error instanceof UserError) return error.message;
  const description = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `${description} (log: ${log})`;
}
