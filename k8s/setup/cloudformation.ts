import pRetry from 'p-retry';
import type { Request } from './request.ts';

/** What CloudFormation is told (its user guide, "Custom resource response objects"). */
export type Answer =
  | { Status: 'SUCCESS'; PhysicalResourceId: string; Reason?: string; Data?: Record<string, string> }
  | { Status: 'FAILED'; PhysicalResourceId: string; Reason: string };

/** CloudFormation reads no more, in bytes. */
const mostBytes = 4096;

/** What a reader of the stack's events still reads, in characters. */
const longestReason = 1000;

/** One try may take this long, and is repeated this often after pauses that double from 0.5 s: 33 s in all. */
const patience = { timeout: 5000, retries: 4, minTimeout: 500 };

/** How long sending takes at most, in milliseconds. */
export const sendingTime = 35_000;

/** The text of an answer: complete, and never too long, whatever the reason holds. */
export function textOf({ StackId, RequestId, LogicalResourceId }: Request, answer: Answer): string {
  const written = (reason: string | undefined): string =>
    JSON.stringify({
      ...answer,
      ...(reason !== undefined && { Reason: reason }),
      StackId,
      RequestId,
      LogicalResourceId,
    });
  let reason = answer.Reason?.replaceAll(/\s+/g, ' ').slice(0, longestReason);
  let text = written(reason);
  while (reason !== undefined && reason !== '' && Buffer.byteLength(text) > mostBytes) {
    reason = reason.slice(0, Math.floor(reason.length / 2));
    text = written(reason);
  }
  return text;
}

/** The receiver has refused the answer, and will again. */
class AnswerRefused extends Error {
  override readonly name = 'AnswerRefused';
  readonly status: number;

  constructor(status: number) {
    super(`CloudFormation did not take the answer: ${status}`);
    this.status = status;
  }
}

/**
 * Puts an answer where CloudFormation waits for it.
 * @throws Error when it cannot be delivered: the log then says so, and CloudFormation waits out its ServiceTimeout.
 */
export async function send(request: Request, answer: Answer): Promise<void> {
  // The address was signed for no content type, and fetch gives bytes none.
  const body = Buffer.from(textOf(request, answer));
  await pRetry(
    async () => {
      const signal = AbortSignal.timeout(patience.timeout);
      const { ok, status } = await fetch(request.ResponseURL, {
        method: 'PUT',
        body,
        signal,
        redirect: 'error',
      });
      if (!ok) throw new AnswerRefused(status);
    },
    {
      retries: patience.retries,
      minTimeout: patience.minTimeout,
      shouldRetry: ({ error }) =>
        !(error instanceof AnswerRefused) || error.status >= 500 || error.status === 429,
    },
  );
}
