/** One wrong field of a request, and what is allowed for it. */
export interface Detail {
  field: string;
  message: string;
}

/** An error that a caller may see; api/errors.ts gives each kind its HTTP status. Every other error is internal. */
export abstract class RequestError extends Error {
  readonly details: readonly Detail[];

  constructor(message: string, details: readonly Detail[] = [], cause?: unknown) {
    super(message, { cause });
    this.name = new.target.name;
    this.details = details;
  }
}

/** The request is not valid; details name the fields and what is allowed. */
export class InvalidRequest extends RequestError {}

/** The caller is not allowed to do this. What belongs to another owner is NotFound, never Forbidden. */
export class Forbidden extends RequestError {}

/** The job or schedule does not exist, or it belongs to another owner. */
export class NotFound extends RequestError {}

/** The state of the job or schedule does not allow it, or the Idempotency-Key was used for another request. */
export class Conflict extends RequestError {}

/** The request is larger than a job can carry. */
export class PayloadTooLarge extends RequestError {}

/** AWS throttles, so the caller must slow down too. */
export class TooManyRequests extends RequestError {}

/** The record changed during each of several tries to write it; the caller must try again later. */
export class RecordContended extends Error {
  override readonly name = 'RecordContended';
}
