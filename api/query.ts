import * as z from 'zod';
import { InvalidRequest } from '../jobs/errors.ts';

export type Query = Readonly<Record<string, string | undefined>>;

/**
 * Reads the query of a request.
 * @throws InvalidRequest naming each parameter that is unknown or wrong, and what is allowed.
 */
export function readQuery<Shape extends z.ZodObject>(query: Query, shape: Shape): z.output<Shape> {
  const parsed = shape.safeParse(query);
  if (parsed.success) return parsed.data;
  const known = Object.keys(shape.shape).join(', ') || 'none';
  const details = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((field) => ({ field, message: `Unknown parameter. Allowed: ${known}.` }))
      : [{ field: issue.path.join('.'), message: issue.message }],
  );
  throw new InvalidRequest('The query cannot be understood.', details);
}

/** An integer as a query spells it; what it is where there is none. */
export const integerBetween = (least: number, most: number, otherwise: number) =>
  z
    .string()
    .refine(
      (text) => /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most,
      `Allowed: an integer from ${least} to ${most}.`,
    )
    .transform(Number)
    .default(otherwise)
    // What the text means.
    .meta({ override: { type: 'integer', minimum: least, maximum: most, default: otherwise } });
