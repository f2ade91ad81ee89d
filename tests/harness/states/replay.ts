import { setImmediate } from 'node:timers/promises';
import { StepFunctions } from '../../../local/aws/step-functions/index.ts';
import { parseJson } from '../../../local/aws/step-functions/json.ts';
import { AwsError } from '../../../local/aws/wire.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { compareHistories, type ExecutionOutcome, parsedDetails } from './compare.ts';
import { MockedServices } from './mocked-services.ts';
import type { RecordedCase } from './recorded-case.ts';

export type ReplayResult =
  { kind: 'passed' } | { kind: 'failed'; difference: string } | { kind: 'unsupported'; features: string[] };

/** Runs a recorded case on a virtual clock with its mocks and compares it with what AWS did. */
export async function replay(recorded: RecordedCase): Promise<ReplayResult> {
  const clock = new VirtualClock();
  const service = new StepFunctions({
    journal: ':memory:',
    region: 'us-east-1',
    accountId: '111111111111',
    integrations: [new MockedServices(recorded.mocks, clock)],
    clock,
  });
  try {
    const problems = service.machines.validate(JSON.stringify(recorded.definition));
    const unsupported = problems.filter(({ code }) => code === 'UNSUPPORTED_FEATURE');
    const features = [
      ...new Set(unsupported.map(({ message }) => message.replace(/: not supported.*$/, ''))),
    ];
    if (recorded.type === 'EXPRESS') features.push('EXPRESS state machines');
    if (features.length > 0) return { kind: 'unsupported', features };
    const difference = compareHistories(recorded, await execute(service, recorded));
    return difference === undefined ? { kind: 'passed' } : { kind: 'failed', difference };
  } catch (error) {
    if (error instanceof AwsError) return { kind: 'failed', difference: `${error.type}: ${error.message}` };
    throw error;
  } finally {
    service.close();
  }
}

async function execute(service: StepFunctions, recorded: RecordedCase): Promise<ExecutionOutcome> {
  const definition = JSON.stringify(recorded.definition);
  const roleArn = 'arn:aws:iam::111111111111:role/recorded';
  const { arn } = service.machines.create({ name: 'recorded', definition, roleArn });
  const { executionArn } = service.startExecution({
    stateMachineArn: arn,
    input: JSON.stringify(recorded.input),
  });
  let execution = service.describeExecution(executionArn);
  for (let turns = 0; execution.status === 'RUNNING' && turns < 100_000; turns++) {
    await setImmediate();
    execution = service.describeExecution(executionArn);
  }
  const { events } = service.getExecutionHistory({ executionArn, maxResults: 1000 });
  return {
    status: execution.status,
    output: execution.output === null ? undefined : parseJson(execution.output),
    error: execution.error ?? undefined,
    cause: execution.cause ?? undefined,
    events: events.map(({ id, previousEventId, type, ...rest }) => ({
      id,
      previousEventId,
      type,
      details: parsedDetails(Object.values(rest).find((value) => typeof value === 'object') ?? {}),
    })),
  };
}
