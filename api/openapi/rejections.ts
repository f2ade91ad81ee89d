import * as z from 'zod';
import type { ZodOpenApiResponseObject } from 'zod-openapi';
import { errorResponse } from '../errors.ts';
import { ErrorBody } from '../responses/service.ts';
import {
  Conflict,
  Forbidden,
  InvalidRequest,
  NotFound,
  PayloadTooLarge,
  TooManyRequests,
} from '../../jobs/errors.ts';
import { json } from './operation.ts';

/** The body of API Gateway's own error responses: no function was called, or it did not respond in time. */
const GatewayError = z.object({ message: z.string() }).meta({ id: 'GatewayError' });

const requestId = '3d0f8a4e-6a53-4c62-9a5e-1f2f6f0a7c11';

/** Describes a rejection by the service. API Gateway rejects some requests for the same reason, with its own body. */
const rejection = (id: string, description: string, error: unknown): ZodOpenApiResponseObject => ({
  id,
  description,
  content: json(z.union([ErrorBody, GatewayError]), errorResponse(error, requestId).body),
});

/** Describes an error response that only API Gateway makes. */
const gatewayError = (id: string, description: string, message: string): ZodOpenApiResponseObject => ({
  id,
  description,
  content: json(GatewayError, { message }),
});

/** Describes a rejection that only the service makes. */
const conflict = (id: string, description: string, error: Conflict): ZodOpenApiResponseObject => ({
  id,
  description,
  content: json(ErrorBody, errorResponse(error, requestId).body),
});

export const invalidRequest = rejection(
  'InvalidRequest',
  'The body, a parameter, a header or a cursor is not valid. Details name the fields and what is allowed.',
  new InvalidRequest('The query is not valid.', [
    {
      field: 'stauts',
      message: 'Unknown parameter. Allowed: status, from, to, scheduleId, label, limit, cursor.',
    },
  ]),
);

/** The header that describes what the token lacks (RFC 6750). */
const challenge = z.object({
  'WWW-Authenticate': z
    .string()
    .optional()
    .meta({ header: { description: 'What the token lacks (RFC 6750).', example: 'Bearer' } }),
});

export const unauthorized: ZodOpenApiResponseObject = {
  ...gatewayError(
    'Unauthorized',
    'The token is missing, has expired, or is not of the configured issuer and audience.',
    'Unauthorized',
  ),
  headers: challenge,
};

export const forbidden: ZodOpenApiResponseObject = {
  ...rejection(
    'Forbidden',
    'The caller is not authorized: the token lacks the scope or a valid subject, or the signature is wrong or belongs to an ' +
      'identity without execute-api:Invoke.',
    new Forbidden('The request is not authenticated: it has neither a token nor an AWS signature.'),
  ),
  headers: challenge,
};

export const jobNotFound = rejection(
  'NoSuchJob',
  'The job does not exist, or it belongs to another owner.',
  new NotFound('The job does not exist.'),
);

export const scheduleNotFound = rejection(
  'NoSuchSchedule',
  'The schedule does not exist, or it belongs to another owner.',
  new NotFound('The schedule does not exist.'),
);

export const keyUsed = conflict(
  'KeyUsed',
  'The Idempotency-Key was used for another request.',
  new Conflict('The Idempotency-Key was used for another request.', [
    { field: 'Idempotency-Key', message: 'It belongs to job 01kb3x4v5n0000000000000000.' },
  ]),
);

export const wrongStatus = conflict(
  'WrongStatus',
  'The status of the job does not allow the request (details hold it), the job exceeds limits that were lowered since, or the ' +
    'Idempotency-Key was used for another request.',
  new Conflict('The job has not ended yet: it is RUNNING.', [{ field: 'status', message: 'RUNNING' }]),
);

export const limitsLowered = conflict(
  'LimitsLowered',
  'The resources of the schedule’s jobs exceed limits that were lowered since.',
  new Conflict('The resources of the job are outside the range that is allowed now.', [
    { field: 'resources.cpu', message: 'Allowed: from 10m to 4.' },
  ]),
);

export const scheduleBusy = conflict(
  'ScheduleBusy',
  'Another request is changing the schedule, or it has ended.',
  new Conflict('The schedule is being changed; try again in a minute.'),
);

export const tooLarge = rejection(
  'PayloadTooLarge',
  'The encoded job exceeds 240,000 bytes, or the body exceeds 10 MB.',
  new PayloadTooLarge(
    'The job takes 310000 bytes once it is encoded for Step Functions; at most 240000 are allowed.',
  ),
);

export const tooManyRequests: ZodOpenApiResponseObject = {
  ...rejection(
    'TooManyRequests',
    'API Gateway throttles, AWS throttles a call of the request, or the job changes too fast to be cancelled.',
    new TooManyRequests('Too many jobs are being started; try again in a few seconds.'),
  ),
  headers: z.object({
    'Retry-After': z
      .int()
      .min(1)
      .optional()
      .meta({ header: { description: 'Seconds to wait; absent if API Gateway throttles.', example: 5 } }),
  }),
};

export const internalError = rejection(
  'InternalError',
  'An internal error; the log has the reason, under the requestId.',
  new Error(),
);

export const unavailable = gatewayError(
  'Unavailable',
  'The function did not respond within the 30 seconds that API Gateway allows.',
  'Service Unavailable',
);
