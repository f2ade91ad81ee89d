import * as z from 'zod';
import { type Detail, InvalidRequest, PayloadTooLarge } from './errors.ts';
import { parseExactly } from './exact-json.ts';
import { JobId } from './job-id.ts';
import { limits } from './protocol.ts';

/** Room for the state machine's own words within the 256 KiB of a Step Functions payload. */
export const largestExecutionInput = 240_000;

/** What `POST /jobs` takes. Of `input` only its being an object is checked: what is inside belongs to the function. */
export const JobRequest = z.strictObject({
  input: z.record(z.string(), z.unknown()).optional(),
  /** How long one attempt may run, in seconds; the program keeps it. */
  timeoutSeconds: z.int().min(1).max(21_600).default(3600),
  /** How often the job is tried, the first time included. */
  maxAttempts: z.int().min(1).max(limits.machineAttempts).default(limits.machineAttempts),
});

/** The input of an execution of run-job: it holds nothing that differs between repeats of a request. */
export const ExecutionInput = z.object({
  jobId: JobId,
  owner: z.string(),
  origin: z.enum(['api', 'schedule']),
  /** JSON text, serialised once: Step Functions' JSONata would round its numbers. */
  input: z.string(),
  maxAttempts: z.number(),
  timeoutSeconds: z.number(),
  /** The job that this one runs again. */
  retryOf: JobId.optional(),
});
export type ExecutionInput = z.infer<typeof ExecutionInput>;

const defaultInput = JSON.stringify({ source: 'synthetic', records: 5000 });

/**
 * Turns the body of `POST /jobs` into the input of an execution, and that into text.
 * @throws InvalidRequest when the body is no JSON object of the documented fields.
 * @throws PayloadTooLarge when the text exceeds 240,000 bytes.
 */
export function acceptJob(body: string, jobId: string, owner: string): string {
  const json = body || '{}';
  const { input, timeoutSeconds, maxAttempts } = readBody(body, JobRequest, 'job request');
  const text = JSON.stringify({
    jobId,
    owner,
    origin: 'api',
    input: input === undefined ? defaultInput : parseJson(() => exactInput(json)),
    maxAttempts,
    timeoutSeconds,
  } satisfies ExecutionInput);
  const bytes = Buffer.byteLength(text);
  if (bytes > largestExecutionInput) {
    throw new PayloadTooLarge(
      `The job takes ${bytes} bytes once it is encoded for Step Functions; at most ${largestExecutionInput} are allowed.` +
        ' Put large data into S3 and send its URI.',
    );
  }
  return text;
}

const exactInput = (json: string): string =>
  JSON.stringify(z.object({ input: z.unknown() }).parse(parseExactly(json)).input);

function parseJson<Value>(parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    // V8 overflows its stack on a text nested some thousand levels deep.
    const reason = error instanceof SyntaxError ? error.message : 'it is nested too deeply';
    throw new InvalidRequest(`The body is not JSON: ${reason}.`, [], error);
  }
}

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

/** One detail for each thing zod found; an unknown field is named as itself. */
function detailsOf(error: z.ZodError, allowed: readonly string[]): Detail[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({
          field: [...issue.path, key].join('.'),
          message: `Unknown field. Allowed: ${allowed.join(', ') || 'none'}.`,
        }))
      : [{ field: issue.path.join('.') || 'body', message: issue.message }],
  );
}
