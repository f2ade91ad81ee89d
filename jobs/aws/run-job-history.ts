import type { HistoryEvent } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import type { Try, Tries } from '../execution.ts';
import { errors, limits, submissionErrors } from '../protocol.ts';
import type { Failure } from '../record.ts';

/** The part of RunJob's arguments that names the attempt: an environment variable of the container. */
const Arguments = z.object({
  Job: z.object({
    spec: z.object({
      template: z.object({
        spec: z.object({
          containers: z.tuple([
            z.object({ env: z.array(z.object({ name: z.string(), value: z.string().optional() })) }),
          ]),
        }),
      }),
    }),
  }),
});

/** Reads which attempt a try of RunJob is; undefined for another event, or arguments that do not name it. */
export function attemptOfTry(event: HistoryEvent): number | undefined {
  const { resourceType, parameters = '' } = event.taskScheduledEventDetails ?? {};
  if (resourceType !== 'eks') return undefined;
  try {
    const { env } = Arguments.parse(JSON.parse(parameters)).Job.spec.template.spec.containers[0];
    return z.coerce
      .number()
      .int()
      .min(0)
      .parse(env.find(({ name }) => name === 'ATTEMPT')?.value);
  } catch {
    return undefined;
  }
}

/** One try of RunJob: which attempt it is, and how it ended. */
interface RunningTry {
  attempt: number;
  ended?: true;
  failure?: Failure;
}

/** Failed submissions without another try between them. */
interface Rejections {
  count: number;
  first: number;
  last: number;
  failure: Failure;
}

/** Collects the tries of RunJob from the events of an execution, in order. */
export class RunJobHistory {
  readonly #tries: Try[] = [];
  #current: RunningTry | undefined;
  #rejections: Rejections | undefined;

  add(event: HistoryEvent): void {
    if (event.taskScheduledEventDetails?.resourceType === 'eks') {
      this.#close();
      this.#current = { attempt: attemptOfTry(event) ?? this.#tries.length };
    }
    if (!this.#current) return;
    if (event.taskSucceededEventDetails?.resourceType === 'eks') this.#current.ended = true;
    const ended =
      event.taskFailedEventDetails ??
      event.taskTimedOutEventDetails ??
      event.taskSubmitFailedEventDetails ??
      event.taskStartFailedEventDetails;
    if (ended?.resourceType !== 'eks') return;
    const failure = {
      code: ended.error ?? 'States.TaskFailed',
      message: (ended.cause ?? '').slice(0, limits.errorMessageBytes),
    };
    if (submissionErrors.includes(failure.code)) this.#reject(failure, event.timestamp?.getTime() ?? 0);
    else Object.assign(this.#current, { ended: true, failure });
  }

  /** The tries that are attempts, and the failed submissions if they were the last that happened. */
  result(): Tries {
    const unfinished = this.#current && !this.#current.ended;
    this.#close();
    return {
      tries: this.#tries,
      ...(unfinished && { unfinished }),
      ...(this.#rejections && { submissionError: describeRejections(this.#rejections) }),
    };
  }

  /** Ends a try that is an attempt. Numbers that are missing in the history are attempts without an error. */
  #close(): void {
    if (!this.#current) return;
    const { attempt, failure } = this.#current;
    while (this.#tries.length <= attempt) this.#tries.push({});
    if (failure) this.#tries[attempt] = { error: failure };
    this.#current = undefined;
    this.#rejections = undefined;
  }

  /** A failed submission is not an attempt. */
  #reject(failure: Failure, at: number): void {
    const { count, first } = this.#rejections ?? { count: 0, first: at };
    this.#rejections = { count: count + 1, first, last: at, failure };
    this.#current = undefined;
  }
}

function describeRejections({ count, first, last, failure }: Rejections): Failure {
  const hours = ((last - first) / 3_600_000).toFixed(1);
  const times = `${count} submissions failed within ${hours} hours`;
  const message = `${errors.SubmissionFailed} ${times}, the last with ${failure.code}: ${failure.message}`;
  return { code: 'SubmissionFailed', message: message.slice(0, limits.errorMessageBytes) };
}
