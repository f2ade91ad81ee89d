import * as z from 'zod';
import { integerBetween, readBody, readFieldText } from './request.ts';
import { checkEncodedSize, type ExecutionInput } from '../jobs/execution-input.ts';
import { optionsOf, RequestedOptions } from '../jobs/options.ts';
import { checkResources, type ResourceLimits } from '../jobs/resources.ts';

/** The body of `POST /jobs`. `input` only has to be an object: the function checks its content. */
export const JobRequest = z.strictObject({
  input: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('The input of the function; the default is a demonstration.'),
  ...RequestedOptions.shape,
});

/** The body of `POST /jobs/{jobId}/retry`: no fields yet. */
export const RetryRequest = z.strictObject({});

/** In seconds. An HTTP API allows 30 seconds for a request, with the start and the response of the function. */
const maximumWaitSeconds = 25;

/** The query of `GET /jobs/{jobId}`. */
export const JobQuery = z.strictObject({
  wait: integerBetween(0, maximumWaitSeconds, 0).describe(
    'How many seconds to wait for the end of the job. The response may come earlier.',
  ),
});

const defaultInput = JSON.stringify({ source: 'synthetic', records: 5000 });

/**
 * Reads the body of `POST /jobs` and makes the input of an execution, as text.
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

/** Reads the input of a job from the body, as JSON text; the default is the demonstration. */
export const inputOf = (body: string): string => readFieldText(body, 'input') ?? defaultInput;
