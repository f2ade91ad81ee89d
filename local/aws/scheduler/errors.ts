const statuses = {
  ValidationException: 400,
  ResourceNotFoundException: 404,
  ConflictException: 409,
  InternalServerException: 500,
} as const;

/** An error of the API, named as the AWS SDKs know it. */
export class SchedulerError extends Error {
  readonly type: keyof typeof statuses;
  readonly status: number;

  constructor(type: keyof typeof statuses, message: string) {
    super(message);
    this.type = type;
    this.status = statuses[type];
  }
}

export const invalid = (message: string): SchedulerError =>
  new SchedulerError('ValidationException', message);
