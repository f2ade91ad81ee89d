import { AwsError } from '../wire.ts';
import { StateFailure } from './errors.ts';
import { type Json, jsonText, parseJson } from './json.ts';

/** "A payload is at most 256 KiB of data as a UTF-8 encoded string" (Step Functions service quotas). */
const payloadLimit = 262_144;
/**
 * "The maximum combined size for all variables in a single Assign field" (developer guide, "Passing data between states
 * with variables").
 */
const assignLimit = 262_144;
/** "The total size of all stored variables cannot exceed 10 MiB per execution" (the same page). */
const variablesLimit = 10 * 1024 * 1024;

/** "25,000 events in the execution history" (Step Functions service quotas). */
export const historyLimit = 25_000;

/** Checks whether a JSON text is longer than the input or output of a state may be. */
export function exceedsPayload(text: string): boolean {
  // A UTF-16 unit takes at most three bytes, so most texts need not be counted.
  return text.length * 3 > payloadLimit && Buffer.byteLength(text) > payloadLimit;
}

/** Checks the input of StartExecution. @throws AwsError when it is not JSON or too long. */
export function checkExecutionInput(input: string): void {
  if (exceedsPayload(input)) {
    throw new AwsError('ValidationException', `The execution input is longer than ${payloadLimit} bytes.`);
  }
  try {
    parseJson(input);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new AwsError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${problem}'`);
  }
}

/**
 * Checks whether new variables exceed the limit of one Assign, or together with the others the limit of an execution.
 */
export function exceedsVariables(
  assigned: Readonly<Record<string, Json>>,
  variables: Readonly<Record<string, Json>>,
): boolean {
  return sizeOf(assigned) > assignLimit || sizeOf({ ...variables, ...assigned }) > variablesLimit;
}

function sizeOf(variables: Readonly<Record<string, Json>>): number {
  return Object.values(variables).reduce<number>((sum, value) => sum + Buffer.byteLength(jsonText(value)), 0);
}

/**
 * Makes the failure of a payload over 256 KiB; `subject` is a state's name or a task's resource. That too many
 * variables give the same error is a guess.
 */
export function payloadTooLarge(subject: string): StateFailure {
  const problem = 'returned a result with a size exceeding the maximum number of bytes service limit.';
  return new StateFailure('States.DataLimitExceeded', `The state/task '${subject}' ${problem}`);
}
