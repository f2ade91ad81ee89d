/** One thing that is wrong with a request, and where. */
export interface Detail {
  field: string;
  message: string;
}

/** What a caller may be told. Everything else that is thrown is an internal error and says nothing outside. */
export abstract class RequestError extends Error {
  abstract readonly statusCode: number;
  readonly details: readonly Detail[];

  constructor(message: string, details: readonly Detail[] = [], cause?: unknown) {
    super(message, { cause });
    this.name = new.target.name;
    this.details = details;
  }
}

/** The request cannot be understood; details name the fields and what is allowed. */
export class InvalidRequest extends RequestError {
  readonly statusCode = 400;
}

/** Whoever asks may not ask this. What is somebody else's is not forbidden but NotFound. */
export class Forbidden extends RequestError {
  readonly statusCode = 403;
}

/** There is no such thing, or it is somebody else's. */
export class NotFound extends RequestError {
  readonly statusCode = 404;
}

/** It cannot be done as things stand now: something else is under way, or a key was used for another request. */
export class Conflict extends RequestError {
  readonly statusCode = 409;
}

/** Larger than the path of a job can carry. */
export class PayloadTooLarge extends RequestError {
  readonly statusCode = 413;
}

/** AWS asked us to slow down, and so must the caller. */
export class TooManyRequests extends RequestError {
  readonly statusCode = 429;
}

/** The record changed under every one of our tries; whoever called us tries again later. */
export class RecordContended extends Error {
  override readonly name = 'RecordContended';
}
