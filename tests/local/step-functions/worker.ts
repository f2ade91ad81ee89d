import { setTimeout } from 'node:timers/promises';
import { TaskFailure } from '../../../local/aws/step-functions/index.ts';
import type { Clock, Task } from '../../../local/aws/step-functions/index.ts';
import type { Json } from '../../../local/aws/step-functions/json.ts';
import { isJsonObject } from '../../../local/aws/step-functions/json.ts';

/** Does the tasks of random machines: fails as often as told, then gives the value plus one; some it never answers. */
export async function work(task: Task, clock?: Clock): Promise<Json> {
  const given = isJsonObject(task.arguments) ? task.arguments : {};
  if (given['never'] === true) return new Promise<never>(() => undefined);
  const milliseconds = Number(given['milliseconds']);
  if (clock === undefined) await setTimeout(milliseconds);
  else await clock.sleepUntil(clock.now() + milliseconds, task.signal);
  if (Number(given['try']) < Number(given['failures'])) throw new TaskFailure('Flaky', 'not yet');
  return Number(given['value']) + 1;
}
