import {
  DescribeExecutionCommand,
  paginateListExecutions,
  SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { ExecutionInput } from '../../jobs/execution-input.ts';

/** The executions of a stack's state machine, as the owner of the account sees them. */
export class Executions {
  readonly #client: SFNClient;
  readonly #stateMachineArn: string;

  constructor(endpoint: string, stackName: string) {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    this.#client = new SFNClient({ endpoint, region: 'us-east-1', credentials });
    this.#stateMachineArn = `arn:aws:states:us-east-1:000000000000:stateMachine:${stackName}-run-job`;
  }

  /** Stops the execution of a job that was posted, as somebody would in the console. @returns its status. */
  async stop(jobId: string): Promise<string | undefined> {
    const executionArn = `${this.#stateMachineArn.replace(':stateMachine:', ':execution:')}:${jobId}`;
    await this.#client.send(new StopExecutionCommand({ executionArn }));
    return (await this.#client.send(new DescribeExecutionCommand({ executionArn }))).status;
  }

  /**
   * How the executions of each tick of a schedule ended, by the tick's job, once all of them have; Scheduler names them as it likes.
   * Only their inputs say whose they are.
   */
  async ofTicks(scheduleId: string): Promise<Map<string, string[]> | undefined> {
    const found = new Map<string, string[]>();
    const request = { stateMachineArn: this.#stateMachineArn };
    for await (const { executions = [] } of paginateListExecutions({ client: this.#client }, request)) {
      for (const { executionArn } of executions) {
        const { input = '', status = '' } = await this.#client.send(
          new DescribeExecutionCommand({ executionArn }),
        );
        const { jobId } = ExecutionInput.parse(JSON.parse(input));
        if (!jobId.startsWith(`${scheduleId}-`)) continue;
        if (status === 'RUNNING') return undefined;
        found.set(jobId, [...(found.get(jobId) ?? []), status]);
      }
    }
    return found;
  }

  destroy(): void {
    this.#client.destroy();
  }
}
