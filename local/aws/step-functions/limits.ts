import { ApiError, StateFailure } from './errors.ts';
import type { Json } from './json.ts';
import { jsonText, parseJson } from './json.ts';

/** "A payload is at most 256 KiB of data as a UTF-8 encoded string" (Step Functions service quotas). */
const PAYLOAD = 262_144;
/** "The maximum combined size for all variables in a single Assign field" (developer guide, "Passing data between states with variables"). */
const ASSIGNED = 262_144;
/** "The total size of all stored variables … per execution" (the same page). */
const VARIABLES = 10 * 1024 * 1024;

/** "25,000 events in the execution history" (Step Functions service quotas). */
export const HISTORY_LIMIT = 25_000;

/** Whether a JSON text is more than a state may take in or give out. */
export function exceedsPayload(text: string): boolean {
  // A UTF-16 unit takes at most three bytes: most texts need no counting.
  return text.length * 3 > PAYLOAD && Buffer.byteLength(text) > PAYLOAD;
}

/** Throws what StartExecution answers to an input that is no JSON or too long. */
export function checkExecutionInput(input: string): void {
  if (exceedsPayload(input)) {
    throw new ApiError('ValidationException', `The execution input is longer than ${PAYLOAD} bytes.`);
  }
  try {
    parseJson(input);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new ApiError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${problem}'`);
  }
}

/** Whether new variables are more than may be assigned at once, or with those there are more than may be kept. */
export function exceedsVariables(
  assigned: Readonly<Record<string, Json>>,
  variables: Readonly<Record<string, Json>>,
): boolean {
  return size(assigned) > ASSIGNED || size({ ...variables, ...assigned }) > VARIABLES;
}

function size(variables: Readonly<Record<string, Json>>): number {
  return Object.values(variables).reduce<number>((sum, value) => sum + Buffer.byteLength(jsonText(value)), 0);
}

/**
 * The error of a payload over 256 KiB; `subject` is a state's name or a task's resource. That too many variables give the
 * same error is a guess.
 */
export function tooLarge(subject: string): StateFailure {
  const problem = 'returned a result with a size exceeding the maximum number of bytes service limit.';
  return new StateFailure('States.DataLimitExceeded', `The state/task '${subject}' ${problem}`);
}
