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

/** What API Gateway answers by itself, before a function is asked or when one does not answer. */
const GatewayError = z.object({ message: z.string() }).meta({ id: 'GatewayError' });

const requestId = '3d0f8a4e-6a53-4c62-9a5e-1f2f6f0a7c11';

/** The service's own words; where the gateway refuses for the same reason it has others. */
const refusal = (id: string, description: string, error: unknown): ZodOpenApiResponseObject => ({
  id,
  description,
  content: json(z.union([ErrorBody, GatewayError]), errorResponse(error, requestId).body),
});

const ofGateway = (id: string, description: string, message: string): ZodOpenApiResponseObject => ({
  id,
  description,
  content: json(GatewayError, { message }),
});

const conflict = (id: string, description: string, error: Conflict): ZodOpenApiResponseObject => ({
  id,
  description,
  content: json(ErrorBody, errorResponse(error, requestId).body),
});

export const invalidRequest = refusal(
  'InvalidRequest',
  'A body, parameter, header or cursor that is not valid; details name the fields and what is allowed.',
  new InvalidRequest('The query is not valid.', [
    { field: 'stauts', message: 'Unknown parameter. Allowed: status, from, to, limit, cursor.' },
  ]),
);

/** What a token lacks (RFC 6750). */
const challenge = z.object({
  'WWW-Authenticate': z
    .string()
    .optional()
    .meta({ header: { description: 'What is missing (RFC 6750).', example: 'Bearer' } }),
});

export const unauthorized: ZodOpenApiResponseObject = {
  ...ofGateway(
    'Unauthorized',
    'The request has no token that the issuer signed for this audience and that is still good.',
    'Unauthorized',
  ),
  headers: challenge,
};

export const forbidden: ZodOpenApiResponseObject = {
  ...refusal(
    'Forbidden',
    'Who asks may not: the token lacks the scope or does not name its subject, or the signature is wrong or of an identity ' +
      'that may not execute-api:Invoke.',
    new Forbidden('Nothing says who you are: neither a token nor a signature of AWS.'),
  ),
  headers: challenge,
};

export const noSuchJob = refusal(
  'NoSuchJob',
  'There is no such job, or it is somebody else’s.',
  new NotFound('The job does not exist.'),
);

export const noSuchSchedule = refusal(
  'NoSuchSchedule',
  'There is no such schedule, or it is somebody else’s.',
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
  'The job’s status does not allow it (details hold it), it asks for more than a job may have by now, or the Idempotency-Key was ' +
    'used for another request.',
  new Conflict('The job has not ended yet: it is RUNNING.', [{ field: 'status', message: 'RUNNING' }]),
);

export const scheduleBusy = conflict(
  'ScheduleBusy',
  'The schedule is being changed, has ended, or the Idempotency-Key was used for another.',
  new Conflict('The schedule is being changed; try again in a minute.'),
);

export const tooLarge = refusal(
  'PayloadTooLarge',
  'The job exceeds 240,000 bytes once it is encoded, or the body 10 MB.',
  new PayloadTooLarge(
    'The job takes 310000 bytes once it is encoded for Step Functions; at most 240000 are allowed.',
  ),
);

export const tooManyRequests: ZodOpenApiResponseObject = {
  ...refusal(
    'TooManyRequests',
    'The API is throttled, AWS throttles, or a record changes too fast.',
    new TooManyRequests('Too many jobs are started at once; try again in a few seconds.'),
  ),
  headers: z.object({
    'Retry-After': z
      .int()
      .min(1)
      .optional()
      .meta({ header: { description: 'Seconds; absent where the API itself is throttled.', example: 5 } }),
  }),
};

export const internalError = refusal(
  'InternalError',
  'Something went wrong inside; the log has the reason, under the requestId.',
  new Error(),
);

export const unavailable = ofGateway(
  'Unavailable',
  'The function did not answer within the 30 seconds that API Gateway gives it.',
  'Service Unavailable',
);
