import * as z from 'zod';
import { PayloadTooLarge } from './errors.ts';
import { JobId, registeredId } from './ids.ts';
import { StoredOptions } from './options.ts';
import { Origin } from './record.ts';

/** The input of an execution of run-job. Nothing in it differs between repeats of a request. */
export const ExecutionInput = z.object({
  jobId: z.string().transform(registeredId).pipe(JobId),
  owner: z.string(),
  origin: Origin,
  /** JSON text, encoded once: Step Functions' JSONata would round its numbers. */
  input: z.string(),
  ...StoredOptions.shape,
  /** The job that this job runs again. */
  retryOf: JobId.optional(),
});
export type ExecutionInput = z.infer<typeof ExecutionInput>;

/** In bytes. A Step Functions payload is at most 256 KiB; the state machine needs the rest. */
export const maximumExecutionInputBytes = 240_000;

/** @throws PayloadTooLarge when the encoded input of an execution exceeds 240,000 bytes. */
export function checkEncodedSize(text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= maximumExecutionInputBytes) return;
  throw new PayloadTooLarge(
    `The job takes ${bytes} bytes once it is encoded for Step Functions; at most ${maximumExecutionInputBytes} are allowed.` +
      ' Put large data into S3 and send its URI.',
  );
}
