import {
  DescribeExecutionCommand,
  paginateListExecutions,
  SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { ExecutionInput } from '../../jobs/execution-input.ts';

/** Reads and stops executions of a stack's state machine with the credentials of the account's owner. */
export class Executions {
  readonly #client: SFNClient;
  readonly #stateMachineArn: string;

  constructor(endpoint: string, stackName: string) {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    this.#client = new SFNClient({ endpoint, region: 'us-east-1', credentials });
    this.#stateMachineArn = `arn:aws:states:us-east-1:000000000000:stateMachine:${stackName}-run-job`;
  }

  /** Stops the execution of a job that was created by POST, as a user does in the console. @returns its status. */
  async stop(jobId: string): Promise<string | undefined> {
    await this.#client.send(new StopExecutionCommand({ executionArn: this.#arnOf(jobId) }));
    return this.status(jobId);
  }

  /** Reads the status of the execution of a job that was created by POST. */
  async status(jobId: string): Promise<string | undefined> {
    const { status } = await this.#client.send(
      new DescribeExecutionCommand({ executionArn: this.#arnOf(jobId) }),
    );
    return status;
  }

  #arnOf(jobId: string): string {
    return `${this.#stateMachineArn.replace(':stateMachine:', ':execution:')}:${jobId}`;
  }

  /**
   * Reads the statuses of a schedule's executions, by the job id of each firing. Scheduler chooses the names of executions,
   * so their inputs are read.
   * @returns undefined while one of the executions is running.
   */
  async ofFirings(scheduleId: string): Promise<Map<string, string[]> | undefined> {
    const statuses = new Map<string, string[]>();
    const request = { stateMachineArn: this.#stateMachineArn };
    for await (const { executions = [] } of paginateListExecutions({ client: this.#client }, request)) {
      for (const { executionArn } of executions) {
        const { input = '', status = '' } = await this.#client.send(
          new DescribeExecutionCommand({ executionArn }),
        );
        const { jobId } = ExecutionInput.parse(JSON.parse(input));
        if (!jobId.startsWith(`${scheduleId}-`)) continue;
        if (status === 'RUNNING') return undefined;
        statuses.set(jobId, [...(statuses.get(jobId) ?? []), status]);
      }
    }
    return statuses;
  }

  destroy(): void {
    this.#client.destroy();
  }
}
