import * as z from 'zod';
import { type Detail, InvalidRequest } from '../jobs/errors.ts';
import { parseExactly } from '../lib/exact-json.ts';

/**
 * Reads the body of a request; an empty one is `{}`.
 * @param what the request's name in the message, as "job request".
 * @throws InvalidRequest when the body is no JSON object of the shape's fields; details name each that is wrong.
 */
export function readBody<Shape extends z.ZodObject>(
  body: string,
  shape: Shape,
  what: string,
): z.output<Shape> {
  const parsed = shape.safeParse(parseJson((): unknown => JSON.parse(body || '{}')));
  if (parsed.success) return parsed.data;
  throw new InvalidRequest(`The body is not a ${what}.`, detailsOf(parsed.error, Object.keys(shape.shape)));
}

/** The JSON text of one field of a body that was read before, each number digit by digit; undefined where it is absent. */
export function textOfField(body: string, field: string): string | undefined {
  const fields = z.record(z.string(), z.unknown()).parse(parseJson(() => parseExactly(body || '{}')));
  return fields[field] === undefined ? undefined : parseJson(() => JSON.stringify(fields[field]));
}

function parseJson<Value>(parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    // V8 overflows its stack on a text nested some thousand levels deep.
    const reason = error instanceof SyntaxError ? error.message : 'it is nested too deeply';
    throw new InvalidRequest(`The body is not JSON: ${reason}.`, [], error);
  }
}

/** One detail for each thing zod found; an unknown field is named as itself. */
function detailsOf(error: z.ZodError, allowed: readonly string[]): Detail[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({
          field: [...issue.path, key].join('.'),
          // One inside another object is told about by that object's own schema.
          message: issue.path.length > 0 ? issue.message : `Unknown field. Allowed: ${allowed.join(', ')}.`,
        }))
      : [{ field: issue.path.join('.') || 'body', message: messageOf(issue) }],
  );
}

/** What is wrong with the key of a map stands inside. */
const messageOf = (issue: z.core.$ZodIssue): string =>
  (issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined) ?? issue.message;
