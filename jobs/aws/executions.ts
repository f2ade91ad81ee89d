import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  type ExecutionStatus,
  ExecutionDoesNotExist,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  ListExecutionsCommand,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { TooManyRequests } from '../errors.ts';
import { limits } from '../protocol.ts';
import type { Failure } from '../record.ts';
import { ExecutionInput } from '../../api/job-request.ts';

/** What AWS knows of an execution of run-job. */
export interface Execution {
  arn: string;
  /** ARN and start: the fence in the job's record. */
  execution: string;
  status: ExecutionStatus;
  startedAt: string;
  stoppedAt?: string;
  /** undefined where it is not a job's: somebody started the state machine by hand with something else. */
  input?: ExecutionInput;
}

/** One try of RunJob, as AWS's history tells it. */
export interface Try {
  error?: Failure;
}

/** The fence of an execution: an ARN is free again 90 days after its execution closed, with its start it is unique. */
export const executionFence = (arn: string, startedAt: string): string => `${arn}@${startedAt}`;

/** The ARN in a fence. */
export const arnOf = (fence: string): string => fence.slice(0, fence.lastIndexOf('@'));

/** Whether two fences mean one execution. AWS shows a start with and without its milliseconds: a minute is near enough. */
export function sameExecution(left: string, right: string): boolean {
  const startOf = (fence: string): number => Date.parse(fence.slice(fence.lastIndexOf('@') + 1));
  return arnOf(left) === arnOf(right) && Math.abs(startOf(left) - startOf(right)) < 60_000;
}

/** The executions of the state machine, in the domain's words. */
export class Executions {
  readonly #client: SFNClient;
  readonly #stateMachineArn: string;

  constructor(client: SFNClient, stateMachineArn: string) {
    this.#client = client;
    this.#stateMachineArn = stateMachineArn;
  }

  /**
   * Starts the execution of a job: the one AWS call of a POST.
   * @throws TooManyRequests when Step Functions throttles or the account's limit of open executions is reached.
   */
  async start(jobId: string, input: string): Promise<void> {
    try {
      await this.#client.send(
        new StartExecutionCommand({ stateMachineArn: this.#stateMachineArn, name: jobId, input }),
      );
    } catch (error) {
      refuseThrottled(error, 'Too many jobs are started at once; try again in a few seconds.');
      throw error;
    }
  }

  /**
   * Starts the execution of a job whose id comes from an Idempotency-Key; throws as `start`.
   * @returns false when there was one already, ended or with another input.
   */
  async startOnce(jobId: string, input: string): Promise<boolean> {
    try {
      await this.start(jobId, input);
      return true;
    } catch (error) {
      if (error instanceof ExecutionAlreadyExists) return false;
      throw error;
    }
  }

  /** The execution of an API job (its name is the job id), or undefined. */
  async ofJob(jobId: string): Promise<Execution | undefined> {
    return this.describe(`${this.#stateMachineArn.replace(':stateMachine:', ':execution:')}:${jobId}`);
  }

  /** The execution, or undefined where AWS knows none of that ARN (any more). */
  async describe(arn: string): Promise<Execution | undefined> {
    try {
      const found = await this.#client.send(new DescribeExecutionCommand({ executionArn: arn }));
      if (found.startDate === undefined || found.status === undefined) return undefined;
      const startedAt = found.startDate.toISOString();
      const input = parseInput(found.input);
      return {
        arn,
        execution: executionFence(arn, startedAt),
        status: found.status,
        startedAt,
        ...(found.stopDate && { stoppedAt: found.stopDate.toISOString() }),
        ...(input && { input }),
      };
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return undefined;
      throw error;
    }
  }

  /** The tries of RunJob so far, in order. A history is at most 25 pages long; ours need one. */
  async tries(arn: string): Promise<Try[]> {
    const tries: Try[] = [];
    let nextToken: string | undefined;
    for (let page = 0; page < 25; page += 1) {
      const answer = await this.#client.send(
        new GetExecutionHistoryCommand({ executionArn: arn, maxResults: 1000, nextToken }),
      );
      for (const event of answer.events ?? []) countTry(tries, event);
      nextToken = answer.nextToken;
      if (nextToken === undefined) break;
    }
    return tries;
  }

  /** The first thousand events of an execution, many times what ours have; undefined where AWS keeps none (any more). */
  async history(arn: string): Promise<{ events: HistoryEvent[]; truncated: boolean } | undefined> {
    try {
      const { events = [], nextToken } = await this.#client.send(
        new GetExecutionHistoryCommand({ executionArn: arn, maxResults: 1000 }),
      );
      return { events, truncated: nextToken !== undefined };
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return undefined;
      throw error;
    }
  }

  /**
   * Ends an execution whose job has ended otherwise. One that has ended already is left as it is.
   * @throws TooManyRequests when Step Functions throttles.
   */
  async stop(arn: string, cause: string): Promise<void> {
    try {
      await this.#client.send(new StopExecutionCommand({ executionArn: arn, error: 'JobEnded', cause }));
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return;
      refuseThrottled(error, 'Too many jobs are stopped at once; try again in a few seconds.');
      throw error;
    }
  }

  /** ARNs of executions that ended in this status and started after this moment, newest first; bounded to five pages. */
  async endedSince(status: 'FAILED' | 'TIMED_OUT' | 'ABORTED', since: number): Promise<string[]> {
    const arns: string[] = [];
    let nextToken: string | undefined;
    for (let page = 0; page < 5; page += 1) {
      const answer = await this.#client.send(
        new ListExecutionsCommand({
          stateMachineArn: this.#stateMachineArn,
          statusFilter: status,
          maxResults: 100,
          nextToken,
        }),
      );
      const recent = (answer.executions ?? []).filter(({ startDate }) => (startDate?.getTime() ?? 0) > since);
      arns.push(...recent.flatMap(({ executionArn }) => executionArn ?? []));
      nextToken = answer.nextToken;
      if (nextToken === undefined || recent.length < (answer.executions ?? []).length) break;
    }
    return arns;
  }
}

/** @throws TooManyRequests where the error says that AWS wants us to slow down. */
function refuseThrottled(error: unknown, message: string): void {
  if (error instanceof Error && /Throttling|TooManyRequests|ExecutionLimitExceeded/.test(error.name)) {
    throw new TooManyRequests(message, [], error);
  }
}

function parseInput(text: string | undefined): ExecutionInput | undefined {
  try {
    return ExecutionInput.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}

function countTry(tries: Try[], event: HistoryEvent): void {
  if (event.taskScheduledEventDetails?.resourceType === 'eks') tries.push({});
  const ended =
    event.taskFailedEventDetails ??
    event.taskTimedOutEventDetails ??
    event.taskSubmitFailedEventDetails ??
    event.taskStartFailedEventDetails;
  const last = tries.at(-1);
  if (ended?.resourceType === 'eks' && last) {
    last.error = {
      code: ended.error ?? 'States.TaskFailed',
      message: (ended.cause ?? '').slice(0, limits.errorMessageBytes),
    };
  }
}
