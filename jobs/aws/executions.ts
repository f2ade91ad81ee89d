import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  InvalidToken,
  ListExecutionsCommand,
  type ListExecutionsOutput,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { TooManyRequests } from '../errors.ts';
import {
  type Execution,
  type ExecutionEvent,
  executionFence,
  type ExecutionStatus,
  type Tries,
} from '../execution.ts';
import { ExecutionInput } from '../execution-input.ts';
import type { Executions, ListedExecution } from '../ports.ts';
import type { EndedStatus } from '../sweep-position.ts';
import { attemptOfTry, RunJobHistory } from './run-job-history.ts';
import { isThrottled } from './throttling.ts';

/** The executions of the state machine in Step Functions. */
export class StepFunctionsExecutions implements Executions {
  readonly #client: SFNClient;
  readonly #stateMachineArn: string;

  constructor(client: SFNClient, stateMachineArn: string) {
    this.#client = client;
    this.#stateMachineArn = stateMachineArn;
  }

  /** The only AWS call of a POST. */
  async start(jobId: string, input: string): Promise<void> {
    try {
      await this.#client.send(
        new StartExecutionCommand({ stateMachineArn: this.#stateMachineArn, name: jobId, input }),
      );
    } catch (error) {
      throwIfThrottled(error, 'Too many jobs are being started; try again in a few seconds.');
      throw error;
    }
  }

  async startOnce(jobId: string, input: string): Promise<boolean> {
    try {
      await this.start(jobId, input);
      return true;
    } catch (error) {
      if (error instanceof ExecutionAlreadyExists) return false;
      throw error;
    }
  }

  async ofJob(jobId: string): Promise<Execution | undefined> {
    return this.describe(`${this.#stateMachineArn.replace(':stateMachine:', ':execution:')}:${jobId}`);
  }

  async describe(arn: string): Promise<Execution | undefined> {
    try {
      const found = await this.#client.send(new DescribeExecutionCommand({ executionArn: arn }));
      if (found.startDate === undefined || found.status === undefined) return undefined;
      const startedAt = found.startDate.toISOString();
      const input = parseInput(found.input);
      return {
        arn,
        fence: executionFence(arn, startedAt),
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

  /** A history has at most 25 pages; ours need one. */
  async tries(arn: string): Promise<Tries> {
    const history = new RunJobHistory();
    let nextToken: string | undefined;
    for (let page = 0; page < 25; page += 1) {
      const response = await this.#client.send(
        new GetExecutionHistoryCommand({ executionArn: arn, maxResults: 1000, nextToken }),
      );
      for (const event of response.events ?? []) history.add(event);
      nextToken = response.nextToken;
      if (nextToken === undefined) break;
    }
    return history.result();
  }

  /** Reads one page, which holds many times the events of a job. */
  async history(arn: string): Promise<{ events: ExecutionEvent[]; truncated: boolean } | undefined> {
    try {
      const { events = [], nextToken } = await this.#client.send(
        new GetExecutionHistoryCommand({ executionArn: arn, maxResults: 1000 }),
      );
      return { events: events.map(eventOf), truncated: nextToken !== undefined };
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return undefined;
      throw error;
    }
  }

  async stop(arn: string, cause: string): Promise<void> {
    try {
      await this.#client.send(new StopExecutionCommand({ executionArn: arn, error: 'JobEnded', cause }));
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return;
      throwIfThrottled(error, 'Too many jobs are being stopped; try again in a few seconds.');
      throw error;
    }
  }

  async running(): Promise<string[]> {
    const arns: string[] = [];
    let token: string | undefined;
    do {
      const { executions, next } = await this.list('RUNNING', token);
      arns.push(...executions.map(({ arn }) => arn));
      token = next;
    } while (token !== undefined);
    return arns;
  }

  async list(
    status: EndedStatus | 'RUNNING',
    token?: string,
  ): Promise<{ executions: ListedExecution[]; next?: string }> {
    const { executions = [], nextToken } = await this.#listPage(status, token);
    return {
      executions: executions.flatMap(({ executionArn, name, startDate }) =>
        executionArn === undefined || name === undefined || startDate === undefined
          ? []
          : { arn: executionArn, name, startedAt: startDate.getTime() },
      ),
      ...(nextToken !== undefined && { next: nextToken }),
    };
  }

  async #listPage(statusFilter: ExecutionStatus, nextToken?: string): Promise<ListExecutionsOutput> {
    const request = { stateMachineArn: this.#stateMachineArn, statusFilter, maxResults: 1000 };
    try {
      return await this.#client.send(new ListExecutionsCommand({ ...request, nextToken }));
    } catch (error) {
      if (nextToken === undefined || !(error instanceof InvalidToken)) throw error;
      return this.#client.send(new ListExecutionsCommand(request));
    }
  }
}

/** @throws TooManyRequests if the error means that AWS throttles. */
function throwIfThrottled(error: unknown, message: string): void {
  if (isThrottled(error)) throw new TooManyRequests(message, [], error);
}

function parseInput(text: string | undefined): ExecutionInput | undefined {
  try {
    return ExecutionInput.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}

/** The fields of an event besides its type; each type of event has them in a field of its own. */
interface EventDetails {
  name?: string | undefined;
  resourceType?: string | undefined;
  error?: string | undefined;
  cause?: string | undefined;
}

function eventOf(event: HistoryEvent): ExecutionEvent {
  const details = Object.entries(event)
    .filter(([field]) => field.endsWith('EventDetails'))
    .map(([, value]: [string, EventDetails]) => value)[0];
  const { name, resourceType, error, cause } = details ?? {};
  const attempt = attemptOfTry(event);
  return {
    at: (event.timestamp ?? new Date(0)).toISOString(),
    type: event.type ?? '',
    ...(name !== undefined && { name }),
    ...(resourceType !== undefined && { resourceType }),
    ...(attempt !== undefined && { attempt }),
    ...(error !== undefined && { error }),
    ...(cause !== undefined && { cause }),
  };
}
