import { type Json, type JsonObject, parseJson } from './json.ts';
import { stateMachine } from './state-machine-definition.ts';
import { evaluateTemplate } from './templates.ts';

/**
 * Evaluates the Arguments of a task as its first try would, with these variables; nothing is executed.
 * @throws Error when the machine does not have the task, or an expression fails.
 */
export async function taskArguments(definition: string, name: string, variables: JsonObject): Promise<Json> {
  const task = stateMachine.parse(parseJson(definition)).States[name];
  if (task?.Type !== 'Task') throw new Error(`the state machine does not have a task ${name}`);
  const context = { Execution: { RedriveCount: 0 }, State: { RetryCount: 0 } };
  return evaluateTemplate(task.Arguments ?? {}, 'Arguments', {
    variables,
    states: { input: {}, context },
    now: 0,
    seed: '',
  });
}
