import pRetry from 'p-retry';
import * as z from 'zod';

/** A request of CloudFormation to a custom resource (its user guide, "Custom resource request objects"). */
export const CustomResourceRequest = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  /** Pre-signed, for this one response. It is never logged: with it anyone could respond. */
  ResponseURL: z.url({ protocol: /^https?$/ }),
  StackId: z.string().min(1),
  RequestId: z.string().min(1),
  LogicalResourceId: z.string().min(1),
  /** The id that an earlier response gave the resource; a Create does not have one. */
  PhysicalResourceId: z.string().min(1).optional(),
  ResourceProperties: z.record(z.string(), z.unknown()).default({}),
});
export type CustomResourceRequest = z.infer<typeof CustomResourceRequest>;

/** Names the stack without the part that is new each time it is created: a stack that is created again owns what it left. */
export const stackOf = ({ StackId }: CustomResourceRequest): string =>
  StackId.split('/').slice(0, 2).join('/');

/** The response to CloudFormation (its user guide, "Custom resource response objects"). */
export type CustomResourceResponse =
  | { Status: 'SUCCESS'; PhysicalResourceId: string; Reason?: string; Data?: Record<string, string> }
  | { Status: 'FAILED'; PhysicalResourceId: string; Reason: string };

/** CloudFormation reads no more of a response, in bytes. */
const maximumResponseBytes = 4096;

/** A longer reason is not read in the events of a stack, in characters. */
const maximumReasonLength = 1000;

/** One try may take this long, and is repeated this often after pauses that double from 0.5 s: 33 s in all. */
const sending = { timeout: 5000, retries: 4, minTimeout: 500 };

/** How long sending takes at most, in milliseconds. */
export const maximumSendingTime = 35_000;

/** Writes a response as JSON. It is complete and never too long, whatever the reason contains. */
export function responseText(
  { StackId, RequestId, LogicalResourceId }: CustomResourceRequest,
  response: CustomResourceResponse,
): string {
  const written = (reason: string | undefined): string =>
    JSON.stringify({
      ...response,
      ...(reason !== undefined && { Reason: reason }),
      StackId,
      RequestId,
      LogicalResourceId,
    });
  let reason = response.Reason?.replaceAll(/\s+/g, ' ').slice(0, maximumReasonLength);
  let text = written(reason);
  while (reason !== undefined && reason !== '' && Buffer.byteLength(text) > maximumResponseBytes) {
    reason = reason.slice(0, Math.floor(reason.length / 2));
    text = written(reason);
  }
  return text;
}

/** CloudFormation did not accept the response. */
class ResponseRejected extends Error {
  override readonly name = 'ResponseRejected';
  readonly status: number;

  constructor(status: number) {
    super(`CloudFormation did not accept the response: ${status}`);
    this.status = status;
  }
}

/**
 * Sends a response to where CloudFormation waits for it.
 * @throws Error when it cannot be delivered: the log then has the reason, and CloudFormation waits for its ServiceTimeout.
 */
export async function sendResponse(
  request: CustomResourceRequest,
  response: CustomResourceResponse,
): Promise<void> {
  // The address was signed without a content type, and fetch gives bytes none.
  const body = Buffer.from(responseText(request, response));
  await pRetry(
    async () => {
      const signal = AbortSignal.timeout(sending.timeout);
      const { ok, status } = await fetch(request.ResponseURL, {
        method: 'PUT',
        body,
        signal,
        redirect: 'error',
      });
      if (!ok) throw new ResponseRejected(status);
    },
    {
      retries: sending.retries,
      minTimeout: sending.minTimeout,
      shouldRetry: ({ error }) =>
        !(error instanceof ResponseRejected) || error.status >= 500 || error.status === 429,
    },
  );
}
