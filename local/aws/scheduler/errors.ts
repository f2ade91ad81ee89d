import { AwsError } from '../wire.ts';

/** Makes a ValidationException. */
export const invalid = (message: string): AwsError => new AwsError('ValidationException', message);

/** Makes a ResourceNotFoundException. */
export const notFound = (message: string): AwsError =>
  new AwsError('ResourceNotFoundException', message, 404);

/** Makes a ConflictException. */
export const conflict = (message: string): AwsError => new AwsError('ConflictException', message, 409);
