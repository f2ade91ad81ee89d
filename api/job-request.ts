import * as z from 'zod';
import { integerBetween, readBody, readFieldText } from './request.ts';
import { checkEncodedSize, type ExecutionInput } from '../jobs/execution-input.ts';
import { optionsOf, RequestedOptions } from '../jobs/options.ts';
import { checkResources, type ResourceLimits } from '../jobs/resources.ts';

/** What `POST /jobs` takes. Of `input` only its being an object is checked: what is inside belongs to the function. */
export const JobRequest = z.strictObject({
  input: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('What the function is given; without it a demonstration.'),
  ...RequestedOptions.shape,
});

/** What `POST /jobs/{jobId}/retry` takes: no fields yet. */
export const RetryRequest = z.strictObject({});

/** In seconds. An HTTP API gives a request 30 seconds, with the start and the response of the function. */
const longestWait = 25;

/** What `GET /jobs/{jobId}` takes. */
export const JobQuery = z.strictObject({
  wait: integerBetween(0, longestWait, 0).describe('For how many seconds to wait for its end.'),
});

const defaultInput = JSON.stringify({ source: 'synthetic', records: 5000 });

/**
 * Turns the body of `POST /jobs` into the input of an execution, and that into text.
 * @param limits of the resources of a job.
 * @throws InvalidRequest when the body is not a JSON object of the documented fields, or exceeds the limits.
 * @throws PayloadTooLarge when the text exceeds 240,000 bytes.
 */
export function acceptJob(body: string, jobId: string, owner: string, limits: ResourceLimits): string {
  const request = readBody(body, JobRequest, 'job request');
  checkResources(request.resources, limits);
  const text = JSON.stringify({
    jobId,
    owner,
    origin: 'api',
    input: inputOf(body),
    ...optionsOf(request),
  } satisfies ExecutionInput);
  checkEncodedSize(text);
  return text;
}

/** The text of a job's input as the body gives it; without one it is the demonstration. */
export const inputOf = (body: string): string => readFieldText(body, 'input') ?? defaultInput;
