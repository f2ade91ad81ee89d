import type { BranchEvent } from '../branch.ts';
import { StateFailure, Stopped, TaskFailure } from '../errors.ts';
import { type Json, jsonText, parseJson, textField } from '../json.ts';
import { exceedsPayload, payloadTooLarge } from '../limits.ts';
import { withRecovery } from '../recovery.ts';
import type { Transition } from '../state-exit.ts';
import type { StateOf } from '../state-machine-definition.ts';
import type { Visit } from '../visit.ts';
import { type TaskEvents, taskEvents } from './task-events.ts';

/** Runs a Task state: calls an integration. Each try is scheduled, started and ended in the history. */
export function runTask(state: StateOf<'Task'>, visit: Visit): Promise<Transition> {
  return withRecovery(state, visit, () => runTry(state, visit));
}

/** "The maximum value is 99,999,999 seconds" (developer guide, "Task"). */
const maximumSeconds = 99_999_999;

/** Runs one try. All fields are evaluated anew for a retry. */
async function runTry(state: StateOf<'Task'>, visit: Visit): Promise<Json> {
  const { branch } = visit;
  const { region } = branch.run.dependencies;
  const resource = state.Resource;
  const events = taskEvents(resource);
  visit.token = undefined;
  const timeout = await visit.evaluateWithin(state.TimeoutSeconds, 'TimeoutSeconds', 1, maximumSeconds);
  const heartbeat = await visit.evaluateWithin(state.HeartbeatSeconds, 'HeartbeatSeconds', 1, maximumSeconds);
  const role = state.Credentials && (await visit.evaluate(state.Credentials.RoleArn, 'Credentials/RoleArn'));
  // Only the journal decides the token: it is the same after a restart, and another for each try.
  const { execution } = branch.run;
  visit.token = [execution.arn, execution.redrive_count, branch.path, branch.last.id].join('/');
  const input =
    state.Arguments === undefined ? visit.input : await visit.evaluate(state.Arguments, 'Arguments');
  if (exceedsPayload(jsonText(input))) throw payloadTooLarge(visit.name);
  const scheduled = branch.record(
    events.scheduled,
    events.scheduling(jsonText(input), region, {
      ...(timeout === undefined ? {} : { timeoutInSeconds: timeout }),
      ...(heartbeat === undefined ? {} : { heartbeatInSeconds: heartbeat }),
      ...(role === undefined ? {} : { taskCredentials: { roleArn: role } }),
    }),
  );
  branch.record(events.started, events.common);
  return endTry({ resource, input, events, scheduled, timeout, heartbeat }, visit);
}

interface Try {
  resource: string;
  input: Json;
  events: TaskEvents;
  scheduled: BranchEvent;
  timeout: number | undefined;
  heartbeat: number | undefined;
}

/** Replays the end of the try from the journal, or calls the integration and records the end. */
async function endTry(task: Try, visit: Visit): Promise<Json> {
  const { branch } = visit;
  const { events } = task;
  const submitted = branch.nextRecordedType() === 'TaskSubmitted';
  if (submitted) branch.record('TaskSubmitted');
  const recorded = branch.nextRecordedType();
  if (recorded === events.succeeded) return parseJson(textField(branch.record(recorded).details, 'output'));
  if (recorded !== undefined && [events.failed, events.submitFailed, events.timedOut].includes(recorded))
    throw StateFailure.fromDetails(branch.record(recorded).details);
  const submission = { accepted: submitted };
  try {
    const result = await callIntegration(task, visit, submission);
    const output = jsonText(result);
    if (exceedsPayload(output)) throw payloadTooLarge(task.resource);
    branch.record(events.succeeded, { ...events.common, output, outputDetails: { truncated: false } });
    return result;
  } catch (thrown) {
    branch.signal.throwIfAborted();
    const failure = asStateFailure(thrown);
    branch.record(failedType(task, thrown, submission), { ...events.common, ...failure.details() });
    throw failure;
  }
}

/** Selects the event of a failed try. A service that rejects a .sync request has not accepted it (TaskSubmitFailed). */
function failedType({ events }: Try, thrown: unknown, { accepted }: Submission): string {
  if (thrown instanceof TimedOut) return events.timedOut;
  const rejected = thrown instanceof TaskFailure && thrown.error !== 'States.Runtime' && !accepted;
  return rejected ? (events.submitFailed ?? events.failed) : events.failed;
}

/** Whether the service accepted the request of a .sync resource. */
interface Submission {
  accepted: boolean;
}

/** Calls the integration with a time limit, counted from when the try was scheduled. */
async function callIntegration(task: Try, visit: Visit, submission: Submission): Promise<Json> {
  const { resource, scheduled, timeout = Infinity, heartbeat = Infinity } = task;
  const { branch } = visit;
  const { run } = branch;
  const { clock, store } = run.dependencies;
  const integration = run.dependencies.integrationFor(resource);
  if (integration === undefined) throw new TaskFailure('States.Runtime', `no integration for ${resource}`);
  // AWS knows of a task before the service does. So must the journal, or a restart could not know that it was begun.
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
        if (submission.accepted || signal.aborted) return;
        submission.accepted = true;
        branch.record('TaskSubmitted', {
          ...task.events.common,
          output: jsonText(output),
          outputDetails: { truncated: false },
        });
      },
    });
  // None of the integrations can send a heartbeat, so the first missing one ends the try.
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

/**
 * Converts what was thrown. Anything but a TaskFailure is a defect of the integration, but still only fails the task.
 */
function asStateFailure(thrown: unknown): StateFailure {
  if (thrown instanceof StateFailure) return thrown;
  if (thrown instanceof TaskFailure) return new StateFailure(thrown.error, thrown.cause);
  return new StateFailure('States.TaskFailed', thrown instanceof Error ? thrown.message : String(thrown));
}
