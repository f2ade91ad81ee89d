import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as z from 'zod';
import { InvalidRequest } from '../jobs/errors.ts';

export const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/);

/**
 * The request's Idempotency-Key, if it has one.
 * @throws InvalidRequest where it is none.
 */
export function idempotencyKeyOf({ headers }: APIGatewayProxyEventV2): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined || IdempotencyKey.safeParse(key).success) return key;
  throw new InvalidRequest('The Idempotency-Key cannot be used.', [
    { field: 'Idempotency-Key', message: 'Allowed: 1 to 255 visible ASCII characters.' },
  ]);
}
