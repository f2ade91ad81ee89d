import * as z from 'zod';
import { readBody, readFieldText } from './request.ts';
import { PayloadTooLarge } from '../jobs/errors.ts';
import { JobId, registeredId } from '../jobs/ids.ts';
import { optionsOf, RequestedOptions, StoredOptions } from '../jobs/options.ts';
import { checkResources, type ResourceLimits } from '../jobs/resources.ts';

/** Room for the state machine's own words within the 256 KiB of a Step Functions payload. */
export const largestExecutionInput = 240_000;

/** What `POST /jobs` takes. Of `input` only its being an object is checked: what is inside belongs to the function. */
export const JobRequest = z.strictObject({
  input: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('What the function is given; without it a demonstration.'),
  ...RequestedOptions.shape,
});

/** The input of an execution of run-job: it holds nothing that differs between repeats of a request. */
export const ExecutionInput = z.object({
  jobId: z.string().transform(registeredId).pipe(JobId),
  owner: z.string(),
  origin: z.enum(['api', 'schedule']),
  /** JSON text, serialised once: Step Functions' JSONata would round its numbers. */
  input: z.string(),
  ...StoredOptions.shape,
  /** The job that this one runs again. */
  retryOf: JobId.optional(),
});
export type ExecutionInput = z.infer<typeof ExecutionInput>;

const defaultInput = JSON.stringify({ source: 'synthetic', records: 5000 });

/**
 * Turns the body of `POST /jobs` into the input of an execution, and that into text.
 * @param most what a job may ask of its node.
 * @throws InvalidRequest when the body is no JSON object of the documented fields, or asks for more than a job may have.
 * @throws PayloadTooLarge when the text exceeds 240,000 bytes.
 */
export function acceptJob(body: string, jobId: string, owner: string, most: ResourceLimits): string {
  const request = readBody(body, JobRequest, 'job request');
  checkResources(request.resources, most);
  const text = JSON.stringify({
    jobId,
    owner,
    origin: 'api',
    input: inputOf(body),
    ...optionsOf(request),
  } satisfies ExecutionInput);
  checkSize(text);
  return text;
}

/** The text of a job's input as the body gives it; without one it is the demonstration. */
export const inputOf = (body: string): string => readFieldText(body, 'input') ?? defaultInput;

/** @throws PayloadTooLarge when the input of an execution, encoded, exceeds 240,000 bytes. */
export function checkSize(text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= largestExecutionInput) return;
  throw new PayloadTooLarge(
    `The job takes ${bytes} bytes once it is encoded for Step Functions; at most ${largestExecutionInput} are allowed.` +
      ' Put large data into S3 and send its URI.',
  );
}
