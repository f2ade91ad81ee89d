import { stateMachine } from './state-machine-definition.ts';
import type { Json, JsonObject } from './json.ts';
import { parseJson } from './json.ts';
import { evaluateTemplate } from './templates.ts';

/**
 * The Arguments of a task as its first try would have them with these variables; nothing is executed.
 * @throws Error when the machine has no such task, or an expression fails.
 */
export async function taskArguments(definition: string, name: string, variables: JsonObject): Promise<Json> {
  const task = stateMachine.parse(parseJson(definition)).States[name];
  if (task?.Type !== 'Task') throw new Error(`the state machine has no task ${name}`);
  const context = { Execution: { RedriveCount: 0 }, State: { RetryCount: 0 } };
  return evaluateTemplate(task.Arguments ?? {}, 'Arguments', {
    variables,
    states: { input: {}, context },
    now: 0,
    seed: '',
  });
}
