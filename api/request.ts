import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as z from 'zod';
import { type Detail, InvalidRequest } from '../jobs/errors.ts';
import { parseExactly } from '../lib/exact-json.ts';

/** The reading of a request: its body, its query and its Idempotency-Key. Every error names the field and what is allowed. */

/**
 * Reads the body of a request; an empty body is `{}`.
 * @param what the name of the request in the message, such as "job request".
 * @throws InvalidRequest when the body is not a JSON object with the fields of the shape; details name each wrong field.
 */
export function readBody<Shape extends z.ZodObject>(
  body: string,
  shape: Shape,
  what: string,
): z.output<Shape> {
  const parsed = shape.safeParse(parseJson((): unknown => JSON.parse(body || '{}')));
  if (parsed.success) return parsed.data;
  throw new InvalidRequest(`The body is not a ${what}.`, bodyDetails(parsed.error, Object.keys(shape.shape)));
}

/**
 * Reads one field of a body as JSON text, in which every digit of a number is kept.
 * @returns undefined if the field is absent.
 */
export function readFieldText(body: string, field: string): string | undefined {
  const fields = z.record(z.string(), z.unknown()).parse(parseJson(() => parseExactly(body || '{}')));
  return fields[field] === undefined ? undefined : parseJson(() => JSON.stringify(fields[field]));
}

function parseJson<Value>(parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    // V8 overflows its stack on a text that is nested some thousand levels deep.
    const reason = error instanceof SyntaxError ? error.message : 'it is nested too deeply';
    throw new InvalidRequest(`The body is not JSON: ${reason}.`, [], error);
  }
}

/** Makes one detail of each issue; each unknown field has its own. */
function bodyDetails(error: z.ZodError, allowed: readonly string[]): Detail[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({
          field: [...issue.path, key].join('.'),
          // The schema of an inner object has its own message.
          message: issue.path.length > 0 ? issue.message : `Unknown field. Allowed: ${allowed.join(', ')}.`,
        }))
      : [{ field: issue.path.join('.') || 'body', message: messageOf(issue) }],
  );
}

/** Reads the message of an issue; that about the key of a map is inside the issue. */
const messageOf = (issue: z.core.$ZodIssue): string =>
  (issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined) ?? issue.message;

export type Query = Readonly<Record<string, string | undefined>>;

/**
 * Reads the query of a request.
 * @throws InvalidRequest which names each unknown or wrong parameter, and what is allowed.
 */
export function readQuery<Shape extends z.ZodObject>(query: Query, shape: Shape): z.output<Shape> {
  const parsed = shape.safeParse(query);
  if (parsed.success) return parsed.data;
  const known = Object.keys(shape.shape);
  throw invalidQuery(
    parsed.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((field) => unknownParameter(field, known))
        : [{ field: issue.path.join('.'), message: issue.message }],
    ),
  );
}

/**
 * Rejects every query parameter. It needs no schema library, so a route that reads nothing has none in its bundle.
 * @throws InvalidRequest which names each parameter.
 */
export function checkNoQuery(query: Query): void {
  const names = Object.keys(query);
  if (names.length > 0) throw invalidQuery(names.map((name) => unknownParameter(name, [])));
}

const unknownParameter = (field: string, known: readonly string[]): Detail => ({
  field,
  message: `Unknown parameter. Allowed: ${known.join(', ') || 'none'}.`,
});

/** Describes a query that is not valid. */
export const invalidQuery = (details: readonly Detail[], cause?: unknown): InvalidRequest =>
  new InvalidRequest('The query is not valid.', details, cause);

/** An integer in a query, within a range, with a default. */
export const integerBetween = (minimum: number, maximum: number, defaultValue: number) =>
  z
    .string()
    .refine(
      (text) => /^\d{1,9}$/.test(text) && Number(text) >= minimum && Number(text) <= maximum,
      `Allowed: an integer from ${minimum} to ${maximum}.`,
    )
    .transform(Number)
    .default(defaultValue)
    // The document describes the number, not its text.
    .meta({ override: { type: 'integer', minimum, maximum, default: defaultValue } });

const instantAllowed = 'Allowed: a date and time of RFC 3339, such as 2027-01-31T08:00:00+01:00.';

/** Makes the schema of a time in a request, with any offset; read as the same instant in UTC, so that texts sort as times do. */
export const instant = () =>
  z.iso
    .datetime({ offset: true, error: instantAllowed })
    .transform((text) => new Date(text).toISOString())
    // An offset may lead out of the years that have four digits, and those would not sort.
    .pipe(z.string().regex(/^\d/, instantAllowed));

/** An Idempotency-Key: 1 to 255 visible ASCII characters. */
export const idempotencyKeyPattern = /^[\x21-\x7e]{1,255}$/;

/**
 * Reads the Idempotency-Key of a request.
 * @returns undefined if the request has none.
 * @throws InvalidRequest if it is not valid.
 */
export function idempotencyKeyOf({ headers }: APIGatewayProxyEventV2): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined || idempotencyKeyPattern.test(key)) return key;
  throw new InvalidRequest('The Idempotency-Key is not valid.', [
    { field: 'Idempotency-Key', message: 'Allowed: 1 to 255 visible ASCII characters.' },
  ]);
}
