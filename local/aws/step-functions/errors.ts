import type { Json, JsonObject } from './json.ts';

/** A state's failure as the Amazon States Language knows it: an error name and a cause, each may be absent. */
export class StateFailure extends Error {
  readonly error: string | undefined;
  override readonly cause: string | undefined;

  constructor(error: string | undefined, cause: string | undefined) {
    super(`${error ?? 'unnamed error'}: ${cause ?? 'no cause'}`);
    this.error = error;
    this.cause = cause;
  }

  /** Makes the fields of an event's details; AWS leaves out a name or cause that is absent. */
  details(): { error?: string; cause?: string } {
    const { error, cause } = this;
    return { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
  }

  /** Reads the failure that an event's details hold. */
  static fromDetails({ error, cause }: JsonObject): StateFailure {
    const text = (value: Json | undefined) => (typeof value === 'string' ? value : undefined);
    return new StateFailure(text(error), text(cause));
  }
}

/** What an integration throws: the task failed, with AWS's error name and cause. */
export class TaskFailure extends Error {
  readonly error: string;
  override readonly cause: string;

  constructor(error: string, cause: string) {
    super(`${error}: ${cause}`);
    this.error = error;
    this.cause = cause;
  }
}

/** The execution, or this branch of it, was ended from outside; nothing more may happen in it. */
export class Stopped extends Error {}

const timeouts = ['States.Timeout', 'States.HeartbeatTimeout'];

/**
 * Checks whether ErrorEquals of a retrier or catcher matches an error.
 * Nothing matches States.Runtime; only its own name matches States.DataLimitExceeded. States.ALL matches any other
 * error, States.TaskFailed any other but States.Timeout; States.Timeout also matches a missed heartbeat (developer
 * guide, "Handling errors in Step Functions workflows").
 */
export function matchesError(errorEquals: readonly string[], error: string | undefined): boolean {
  return errorEquals.some((name) => {
    if (error === 'States.Runtime') return false;
    if (name === error) return true;
    if (error === 'States.DataLimitExceeded') return false;
    if (name === 'States.ALL') return true;
    if (name === 'States.Timeout') return error === 'States.HeartbeatTimeout';
    return name === 'States.TaskFailed' && (error === undefined || !timeouts.includes(error));
  });
}
