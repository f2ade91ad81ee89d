import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { acceptJob } from '../../../api/job-request.ts';
import { RunJobHistory } from '../../../jobs/aws/run-job-history.ts';
import { ExecutionInput } from '../../../jobs/execution-input.ts';
import { type Execution, executionFence } from '../../../jobs/execution.ts';
import { newJobId } from '../../../jobs/ids.ts';
import { settle } from '../../../jobs/settle.ts';
import {
  DynamoDBIntegration,
  EksIntegration,
  type Integration,
  type JobRunner,
  LambdaIntegration,
  StepFunctions,
  type Task,
} from '../../../local/aws/step-functions/index.ts';
import { JobRefused, type KubernetesJob } from '../../../local/aws/step-functions/integrations/job-runner.ts';
import { definitionWith } from '../run-job-definition.ts';
import { SteppedClock } from '../virtual-clock.ts';
import { exitOf, type Machine } from './machine.ts';

/** A clock that moves only while no call is under way: the time of real processes and of the table does not count. */
class IdleClock extends SteppedClock {
  calls = 0;

  /** Wakes the next sleep, if no call is under way. */
  moveIfIdle(): void {
    if (this.calls === 0) this.wakeNext();
  }
}

/** What fails, by the time in seconds since the start of the outage. undefined: the call is made. */
export interface Faults {
  /** The status with which the API server rejects a Job. */
  rejects?: (at: number) => number | undefined;
  /** The failure of a call of the table or of settle-job. */
  fails?: (task: Task, at: number) => Error | undefined;
}

/** The state machine as it is deployed, a real table, the real container and the real rules of Settle; only time is not real. */
export class OutageWorkflow {
  /** The names of all Jobs that were submitted. */
  readonly jobNames: string[] = [];
  readonly #machine: Machine;
  readonly #clock = new IdleClock(Date.now());
  readonly #begun: number;
  readonly #faults: Faults;
  readonly #service: StepFunctions;
  readonly #stateMachineArn: string;
  readonly #client: DynamoDBClient;

  constructor(machine: Machine, faults: Faults) {
    this.#machine = machine;
    this.#faults = faults;
    this.#begun = this.#clock.now();
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    this.#client = new DynamoDBClient({ endpoint: machine.endpoint, region: 'us-east-1', credentials });
    const runner: Pick<JobRunner, 'start'> = { start: (job) => this.#startJob(job) };
    const invoke = async (_name: string, event: unknown) => ({ payload: await this.#settleJob(event) });
    this.#service = new StepFunctions({
      ...{ journal: ':memory:', region: 'us-east-1', accountId: '000000000000', clock: this.#clock },
      integrations: [
        this.#counted(new DynamoDBIntegration(this.#client)),
        this.#counted(new EksIntegration(runner)),
        this.#counted(new LambdaIntegration(invoke)),
      ],
    });
    const definition = definitionWith({ JobsTable: 'jobs' });
    const roleArn = 'arn:aws:iam::000000000000:role/run-job';
    this.#stateMachineArn = this.#service.machines.create({ name: 'run-job', definition, roleArn }).arn;
  }

  /** Accepts this many jobs and runs them until all executions have ended. @returns the jobs' ids. */
  async run(jobs: number): Promise<string[]> {
    const arns = Array.from({ length: jobs }, () => {
      const name = newJobId();
      const input = acceptJob('{}', name, 'alice', { cpu: '4', memory: '8Gi' });
      return this.#service.startExecution({ stateMachineArn: this.#stateMachineArn, name, input })
        .executionArn;
    });
    const running = (): boolean =>
      arns.some((arn) => this.#service.describeExecution(arn).status === 'RUNNING');
    while (running()) {
      for (let turn = 0; turn < 5; turn += 1) await setImmediate();
      this.#clock.moveIfIdle();
    }
    return arns.map((arn) => arn.slice(arn.lastIndexOf(':') + 1));
  }

  close(): void {
    this.#service.close();
    this.#client.destroy();
  }

  #seconds(): number {
    return (this.#clock.now() - this.#begun) / 1000;
  }

  /** Counts the calls under way, and makes them fail. */
  #counted(integration: Integration): Integration {
    return {
      supports: (resource) => integration.supports(resource),
      run: async (task) => {
        this.#clock.calls += 1;
        try {
          const failure = this.#faults.fails?.(task, this.#seconds());
          if (failure) throw failure;
          return await integration.run(task);
        } finally {
          this.#clock.calls -= 1;
        }
      },
    };
  }

  async #startJob(job: KubernetesJob): ReturnType<JobRunner['start']> {
    const text = JSON.stringify(job);
    const [, name = ''] = /"metadata":\{"name":"([^"]+)"/.exec(text) ?? [];
    this.jobNames.push(name);
    const statusCode = this.#faults.rejects?.(this.#seconds());
    if (statusCode !== undefined) {
      throw new JobRefused({ statusCode, statusText: '', body: { kind: 'Status', code: statusCode } });
    }
    const valueOf = (variable: string): string =>
      new RegExp(`\\{"name":"${variable}","value":"([^"]*)"\\}`).exec(text)?.[1] ?? '';
    const { endpoint } = this.#machine;
    const container = this.#machine.container(valueOf('JOB_ID'), Number(valueOf('ATTEMPT')), endpoint);
    await once(container, 'spawn');
    const ended = exitOf(container).then((code) => ({ succeeded: code === 0 }));
    return { response: { statusCode: 201, statusText: 'Created', body: job }, ended };
  }

  #settleJob(event: unknown): Promise<unknown> {
    const { jobId, execution } = event as { jobId: string; execution: string };
    return settle(
      { jobId, execution, status: 'RUNNING' },
      {
        store: this.#machine.store,
        executions: {
          describe: (arn) => Promise.resolve(this.#describe(arn)),
          tries: (executionArn) => {
            const history = new RunJobHistory();
            const { events } = this.#service.getExecutionHistory({ executionArn, maxResults: 1000 });
            for (const entry of events)
              history.add({ ...entry, timestamp: new Date(entry.timestamp) } as unknown as HistoryEvent);
            return Promise.resolve(history.result());
          },
        },
        cluster: { deleteJobs: () => Promise.resolve() },
        now: () => new Date(),
      },
    );
  }

  #describe(arn: string): Execution {
    const { status, started, input } = this.#service.describeExecution(arn);
    const startedAt = new Date(started).toISOString();
    const fence = executionFence(arn, startedAt);
    return { arn, fence, status, startedAt, input: ExecutionInput.parse(JSON.parse(input)) };
  }
}
