import type { Event } from '../branch.ts';
import type { StateOf } from '../state-machine-definition.ts';
import { StateFailure, Stopped, TaskFailure } from '../errors.ts';
import type { Json } from '../json.ts';
import { jsonText, parseJson, textOf } from '../json.ts';
import { exceedsPayload, tooLarge } from '../limits.ts';
import { withRecovery } from '../recovery.ts';
import type { Transition } from '../state-exit.ts';
import type { Visit } from '../visit.ts';
import { eventFamily } from './task-events.ts';
import type { EventFamily } from './task-events.ts';

/** Task: has an integration do something; each try is scheduled, started and ended in the history. */
export function runTask(state: StateOf<'Task'>, visit: Visit): Promise<Transition> {
  return withRecovery(state, visit, () => attempt(state, visit));
}

/** "The maximum value is 99,999,999 seconds" (developer guide, "Task"). */
const LONGEST = 99_999_999;

/** One try. Everything about it is evaluated again for a retry. */
async function attempt(state: StateOf<'Task'>, visit: Visit): Promise<Json> {
  const { branch } = visit;
  const { region } = branch.run.surroundings;
  const resource = state.Resource;
  const family = eventFamily(resource);
  visit.token = undefined;
  const timeout = await visit.evaluateWithin(state.TimeoutSeconds, 'TimeoutSeconds', 1, LONGEST);
  const heartbeat = await visit.evaluateWithin(state.HeartbeatSeconds, 'HeartbeatSeconds', 1, LONGEST);
  const role = state.Credentials && (await visit.evaluate(state.Credentials.RoleArn, 'Credentials/RoleArn'));
  // Nothing but the journal decides the token, so that it is the same after a restart and another for each try.
  const { execution } = branch.run;
  visit.token = [execution.arn, execution.redrive_count, branch.path, branch.last.id].join('/');
  const input =
    state.Arguments === undefined ? visit.input : await visit.evaluate(state.Arguments, 'Arguments');
  if (exceedsPayload(jsonText(input))) throw tooLarge(visit.name);
  const scheduled = branch.record(
    family.scheduled,
    family.scheduling(jsonText(input), region, {
      ...(timeout === undefined ? {} : { timeoutInSeconds: timeout }),
      ...(heartbeat === undefined ? {} : { heartbeatInSeconds: heartbeat }),
      ...(role === undefined ? {} : { taskCredentials: { roleArn: role } }),
    }),
  );
  branch.record(family.started, family.common);
  return outcome({ resource, input, family, scheduled, timeout, heartbeat }, visit);
}

interface Try {
  resource: string;
  input: Json;
  family: EventFamily;
  scheduled: Event;
  timeout: number | undefined;
  heartbeat: number | undefined;
}

/** How the try ended, as the journal knows it or as it turns out now. */
async function outcome(task: Try, visit: Visit): Promise<Json> {
  const { branch } = visit;
  const { family } = task;
  const submitted = branch.upcoming() === 'TaskSubmitted';
  if (submitted) branch.record('TaskSubmitted');
  const known = branch.upcoming();
  if (known === family.succeeded) return parseJson(textOf(branch.record(known).details, 'output'));
  if (known === family.failed || known === family.timedOut)
    throw StateFailure.fromDetails(branch.record(known).details);
  try {
    const result = await call(task, visit, submitted);
    const output = jsonText(result);
    if (exceedsPayload(output)) throw tooLarge(task.resource);
    branch.record(family.succeeded, { ...family.common, output, outputDetails: { truncated: false } });
    return result;
  } catch (thrown) {
    branch.signal.throwIfAborted();
    const failure = asFailure(thrown);
    const type = failure instanceof TimedOut ? family.timedOut : family.failed;
    branch.record(type, { ...family.common, ...failure.details() });
    throw failure;
  }
}

/** Calls the integration and bounds it in time, counted from when the try was scheduled. */
async function call(task: Try, visit: Visit, submitted: boolean): Promise<Json> {
  const { resource, scheduled, timeout = Infinity, heartbeat = Infinity } = task;
  const { branch } = visit;
  const { run } = branch;
  const { clock, store } = run.surroundings;
  const integration = run.surroundings.integrationFor(resource);
  if (integration === undefined) throw new TaskFailure('States.Runtime', `no integration for ${resource}`);
  // AWS knows of a task before the service does; so must the journal, or a restart could not tell that it was begun.
  store.journal.flush();
  const over = new AbortController();
  const signal = AbortSignal.any([branch.signal, over.signal]);
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Stopped());
    });
  });
  const running = async (): Promise<Json> =>
    integration.run({
      resource,
      arguments: task.input,
      execution: { arn: run.execution.arn, name: run.execution.name },
      stateName: visit.name,
      token: visit.token ?? '',
      submittedAt: scheduled.time,
      resumed: scheduled.replayed,
      signal,
      submitted: (output) => {
        if (submitted || signal.aborted) return;
        submitted = true;
        branch.record('TaskSubmitted', {
          ...task.family.common,
          output: jsonText(output),
          outputDetails: { truncated: false },
        });
      },
    });
  // None of the integrations can send a heartbeat, so the first one that is missing is the end.
  const seconds = Math.min(timeout, heartbeat);
  const expired = async (): Promise<never> => {
    await clock.sleepUntil(scheduled.time + seconds * 1000, signal);
    throw new TimedOut(heartbeat < timeout ? 'States.HeartbeatTimeout' : 'States.Timeout');
  };
  try {
    return await Promise.race([running(), stopped, ...(seconds === Infinity ? [] : [expired()])]);
  } finally {
    over.abort();
  }
}

class TimedOut extends StateFailure {
  constructor(error: string) {
    super(error, undefined);
  }
}

/** Anything else than a TaskFailure is a defect of the integration, and still only a failed task. */
function asFailure(thrown: unknown): StateFailure {
  if (thrown instanceof StateFailure) return thrown;
  if (thrown instanceof TaskFailure) return new StateFailure(thrown.error, thrown.cause);
  return new StateFailure('States.TaskFailed', thrown instanceof Error ? thrown.message : String(thrown));
}
