import * as z from 'zod';
import { AwsError } from '../../wire.ts';
import type { StepFunctions } from '../step-functions.ts';
import { type ExecutionRecord, executionStatuses, type MachineRecord } from '../store.ts';

const paging = { maxResults: z.int().min(0).max(1000).optional(), nextToken: z.string().optional() };
const arn = z.string().min(1).max(256);

const seconds = (milliseconds: number): number => milliseconds / 1000;

/** Performs an operation of the API. @returns the body of the response. @throws AwsError */
type Operation = (service: StepFunctions, request: unknown) => object;

/** Makes an operation that checks its request first. Fields that this service does not use are ignored. */
function operation<Request>(
  shape: z.ZodType<Request>,
  perform: (service: StepFunctions, request: Request) => object,
): Operation {
  return (service, request) => {
    const parsed = shape.safeParse(request);
    if (!parsed.success) throw new AwsError('ValidationException', z.prettifyError(parsed.error));
    return perform(service, parsed.data);
  };
}

/** The operations by name (API reference of AWS Step Functions). Dates in responses are epoch seconds. */
export const stepFunctionsOperations: Readonly<Record<string, Operation>> = {
  CreateStateMachine: operation(
    z.object({ name: z.string(), definition: z.string(), roleArn: z.string(), type: z.string().optional() }),
    ({ machines }, request) => {
      const { arn: stateMachineArn, created } = machines.create(request);
      return { stateMachineArn, creationDate: seconds(created) };
    },
  ),
  UpdateStateMachine: operation(
    z.object({ stateMachineArn: arn, definition: z.string().optional(), roleArn: z.string().optional() }),
    ({ machines }, request) => {
      const { updated, revision_id: revisionId } = machines.update(request);
      return { updateDate: seconds(updated), revisionId };
    },
  ),
  DescribeStateMachine: operation(z.object({ stateMachineArn: arn }), ({ machines }, { stateMachineArn }) => {
    const record = machines.record(stateMachineArn);
    return {
      ...machineSummary(record),
      ...machineDetails(record, machines.definition(record)),
      status: 'ACTIVE',
    };
  }),
  ListStateMachines: operation(z.object(paging), ({ machines }, request) => {
    const { stateMachines, ...rest } = machines.list(request);
    return { stateMachines: stateMachines.map(machineSummary), ...rest };
  }),
  DeleteStateMachine: operation(z.object({ stateMachineArn: arn }), ({ machines }, { stateMachineArn }) => {
    machines.delete(stateMachineArn);
    return {};
  }),
  ValidateStateMachineDefinition: operation(
    z.object({ definition: z.string() }),
    ({ machines }, { definition }) => {
      const diagnostics = machines.validate(definition).map((problem) => ({ severity: 'ERROR', ...problem }));
      return { result: diagnostics.length === 0 ? 'OK' : 'FAIL', diagnostics, truncated: false };
    },
  ),
  StartExecution: operation(
    z.object({ stateMachineArn: arn, name: z.string().optional(), input: z.string().optional() }),
    (service, request) => {
      const { executionArn, startDate } = service.startExecution(request);
      return { executionArn, startDate: seconds(startDate) };
    },
  ),
  DescribeExecution: operation(z.object({ executionArn: arn }), (service, { executionArn }) =>
    executionDetails(service, service.describeExecution(executionArn)),
  ),
  ListExecutions: operation(
    z.object({ stateMachineArn: arn, statusFilter: z.enum(executionStatuses).optional(), ...paging }),
    (service, request) => {
      const { executions, ...rest } = service.listExecutions(request);
      return { executions: executions.map(executionSummary), ...rest };
    },
  ),
  StopExecution: operation(
    z.object({
      executionArn: arn,
      error: z.string().max(256).optional(),
      cause: z.string().max(32_768).optional(),
    }),
    (service, request) => ({ stopDate: seconds(service.stopExecution(request).stopDate) }),
  ),
  RedriveExecution: operation(z.object({ executionArn: arn }), (service, { executionArn }) => ({
    redriveDate: seconds(service.redriveExecution(executionArn).redriveDate),
  })),
  GetExecutionHistory: operation(
    z.object({
      executionArn: arn,
      reverseOrder: z.boolean().optional(),
      includeExecutionData: z.boolean().optional(),
      ...paging,
    }),
    (service, request) => {
      const { events, ...rest } = service.getExecutionHistory(request);
      return { events: events.map((event) => ({ ...event, timestamp: seconds(event.timestamp) })), ...rest };
    },
  ),
  DescribeStateMachineForExecution: operation(
    z.object({ executionArn: arn }),
    (service, { executionArn }) => {
      const execution = service.describeExecution(executionArn);
      return {
        stateMachineArn: execution.machine_arn,
        name: execution.machine_arn.slice(execution.machine_arn.lastIndexOf(':') + 1),
        definition: service.definitionOf(execution),
        roleArn: execution.role_arn,
        updateDate: seconds(execution.started),
      };
    },
  ),
};

function machineSummary({ arn: stateMachineArn, name, created }: MachineRecord) {
  return { stateMachineArn, name, type: 'STANDARD', creationDate: seconds(created) };
}

function machineDetails({ role_arn: roleArn, revision_id }: MachineRecord, definition: string) {
  return { definition, roleArn, ...(revision_id === '' ? {} : { revisionId: revision_id }) };
}

function executionSummary(execution: ExecutionRecord) {
  const {
    arn: executionArn,
    machine_arn: stateMachineArn,
    name,
    status,
    started,
    stopped,
    redriven,
  } = execution;
  return {
    executionArn,
    stateMachineArn,
    name,
    status,
    startDate: seconds(started),
    ...(stopped === null ? {} : { stopDate: seconds(stopped) }),
    redriveCount: execution.redrive_count,
    ...(redriven === null ? {} : { redriveDate: seconds(redriven) }),
  };
}

function executionDetails(service: StepFunctions, execution: ExecutionRecord) {
  const { input, output, error, cause } = execution;
  const reason = service.whyNotRedrivable(execution);
  return {
    ...executionSummary(execution),
    input,
    inputDetails: { included: true },
    ...(output === null ? {} : { output, outputDetails: { included: true } }),
    ...(error === null ? {} : { error }),
    ...(cause === null ? {} : { cause }),
    redriveStatus: reason === undefined ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
    ...(reason === undefined ? {} : { redriveStatusReason: reason }),
  };
}
