import { expect, test } from '@jest/globals';
import { registeredWithin } from '../../../jobs/find-job.ts';
import type { Json } from '../../../local/aws/step-functions/json.ts';
import type { Retrier } from '../../../local/aws/step-functions/state-machine-definition.ts';
import { parameters } from '../../../plugins/parameters/table.ts';
import { assigned, evaluate, machineWith, taskOf } from '../../harness/run-job-definition.ts';

/**
 * AWS takes the state machine's TimeoutSeconds as a literal. It must be longer than every path: an execution that reaches it
 * is TIMED_OUT, and its job with it. All times are in seconds.
 */
const longestTimeoutSeconds = 21_600;
const longestQueueSeconds = parameters.queueSeconds.accepts.rule.MaxValue;
const sweepInterval = 300;

const machine = machineWith({ QueueSeconds: String(longestQueueSeconds) });

/** The delays of one retrier, when each is as long as it can be. */
function longestDelays({
  IntervalSeconds,
  BackoffRate,
  MaxAttempts,
  MaxDelaySeconds = Infinity,
}: Retrier): number {
  let sum = 0;
  for (let count = 0; count < MaxAttempts; count += 1)
    sum += Math.min(IntervalSeconds * BackoffRate ** count, MaxDelaySeconds);
  return sum;
}

/** The longest visit to a task: every retrier is used up, and every try reaches its time limit. */
async function longestVisit(name: string): Promise<number> {
  const state = taskOf(machine, name);
  const input: Json = {
    ...{ jobId: 'a', owner: 'b', origin: 'api', input: '{}', maxAttempts: 3 },
    timeoutSeconds: longestTimeoutSeconds,
  };
  const variables = await assigned(machine, input);
  const limit = Number(await evaluate(state.TimeoutSeconds, { variables }));
  const retriers = state.Retry ?? [];
  const tries = retriers.reduce((sum, { MaxAttempts }) => sum + MaxAttempts, 1);
  return tries * limit + retriers.reduce((sum, retrier) => sum + longestDelays(retrier), 0);
}

/** The longest wait of a Wait state after this many failed submissions: $random() is below 1. */
async function longestWait(name: string, unsubmitted: number): Promise<number> {
  const state = machine.States[name];
  if (state?.Type !== 'Wait' || typeof state.Seconds !== 'string') throw new Error(`${name} does not wait`);
  const seconds = state.Seconds.replace('$random()', '1');
  return Number(await evaluate(seconds, { variables: { unsubmitted } }));
}

/** The age of the execution, in milliseconds, from which a Choice ends its loop: the last number of its condition. */
function lastAge(name: string): number {
  const state = machine.States[name];
  if (state?.Type !== 'Choice') throw new Error(`${name} is not a choice`);
  const [, age] = /(\d+)\s*%\}$/.exec(String(state.Choices[0]?.Condition)) ?? [];
  return Number(age) / 1000;
}

const register = await longestVisit('Register');
const runJob = await longestVisit('RunJob');
const settle = await longestVisit('Settle');
/** The loop of throttled transactions may begin a last visit at the age at which it ends. */
const registered = lastAge('IsDuplicate') + (await longestWait('WaitForTable', 0)) + register;

test('the loop of failed submissions leaves six hours after the longest Register and the longest RunJob', () => {
  expect(register).toBeLessThan(registered);
  expect(lastAge('KeepSubmitting')).toBe(registered + runJob + 6 * 3600);
});

test('the time limit of the state machine is its longest path', async () => {
  const path = lastAge('KeepSubmitting') + (await longestWait('WaitForCluster', 41)) + runJob + settle;
  expect(machine.TimeoutSeconds).toBe(path);
  // Step Functions keeps an execution for a year at most, and its name for 90 days after it.
  expect(path).toBeLessThan(7 * 24 * 3600);
});

test('a job that is not in the table yet is shown from its execution until it must be there', () => {
  expect(registeredWithin / 1000).toBeGreaterThanOrEqual(registered + settle + 3 * sweepInterval);
  expect(registeredWithin / 1000).toBeLessThan(registered + settle + 3 * sweepInterval + 3600);
});
