import type { ExecutionRecord, ExecutionStatus } from './store.ts';

/** The detail of EventBridge's "Step Functions Execution Status Change"; dates in epoch milliseconds. */
export interface StatusChange {
  executionArn: string;
  stateMachineArn: string;
  name: string;
  status: ExecutionStatus;
  startDate: number;
  stopDate: number | null;
  input: string;
  output: string | null;
  error: string | null;
  cause: string | null;
}

export function statusChange(execution: ExecutionRecord): StatusChange {
  const { arn, machine_arn, name, status, started, stopped, input, output, error, cause } = execution;
  const named = { executionArn: arn, stateMachineArn: machine_arn, name, status };
  return { ...named, startDate: started, stopDate: stopped, input, output, error, cause };
}
