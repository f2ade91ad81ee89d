import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../../../local/aws/clock.ts';
import { type Task, TaskFailure } from '../../../local/aws/step-functions/index.ts';
import { isJsonObject, type Json } from '../../../local/aws/step-functions/json.ts';

/**
 * Performs the tasks of random machines: fails as often as the arguments require, then returns the value plus one. Some
 * never end.
 */
export async function performTask(task: Task, clock?: Clock): Promise<Json> {
  const wish = isJsonObject(task.arguments) ? task.arguments : {};
  if (wish['never'] === true) return new Promise<never>(() => undefined);
  const milliseconds = Number(wish['milliseconds']);
  if (clock === undefined) await setTimeout(milliseconds);
  else await clock.sleepUntil(clock.now() + milliseconds, task.signal);
  if (Number(wish['try']) < Number(wish['failures'])) throw new TaskFailure('Flaky', 'not yet');
  return Number(wish['value']) + 1;
}
