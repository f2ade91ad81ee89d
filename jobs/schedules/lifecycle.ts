import { type Caller, mayAccess } from '../caller.ts';
import { Conflict, NotFound } from '../errors.ts';
import { newScheduleId, ScheduleId } from '../ids.ts';
import type { JobOptions } from '../options.ts';
import type { Scheduler, ScheduleStore } from './ports.ts';
import {
  confirmSchedule,
  ownerOfSchedule,
  ownerPartition,
  putSchedule,
  removeSchedule,
  type ScheduleItem,
  type ScheduleRecord,
} from './record.ts';
import { scheduledJobOf, targetInput } from './scheduled-job.ts';
import { checkChangedTiming, checkTiming, type Timing } from './timing.ts';

/** A new schedule, as requested. */
export interface RequestedSchedule extends Timing, JobOptions {
  name?: string | undefined;
  /** JSON text. */
  input: string;
  /** The same for the same request, in whatever order its fields are. */
  fingerprint: string;
}

/** A change of a schedule, as requested: what is absent stays as it is. */
export type RequestedChange = Partial<Omit<RequestedSchedule, 'fingerprint'>>;

export interface ScheduleDependencies {
  store: ScheduleStore;
  scheduler: Scheduler;
  now: () => Date;
  /** Reports what could not be undone at once: sweep does it later. */
  report: (message: string, problem: unknown) => void;
}

/** In milliseconds. No function runs longer than this: the request that wrote an older `pendingSince` has ended. */
const lease = 60_000;

/**
 * Creates a schedule: first the item in the table, then EventBridge Scheduler. What fails on the way is undone, at once or
 * by sweep.
 * @param key the caller's Idempotency-Key: the same request again gives the same schedule.
 * @throws InvalidRequest, PayloadTooLarge, Conflict, TooManyRequests
 */
export async function createSchedule(
  request: RequestedSchedule,
  owner: string,
  key: string | undefined,
  dependencies: ScheduleDependencies,
): Promise<{ record: ScheduleRecord; replayed: boolean }> {
  const { store, scheduler, now } = dependencies;
  const scheduleId = newScheduleId(owner, key);
  const known = key === undefined ? undefined : await store.read(scheduleId);
  if (known) return { record: replay(known, request), replayed: true };
  const at = now();
  checkTiming(request, at.getTime());
  const record = newRecord(scheduleId, owner, request, at.toISOString());
  targetInput(scheduledJobOf(record));
  if (!(await store.write(putSchedule(record, undefined)))) {
    const other = await store.read(scheduleId);
    if (!other)
      throw new Conflict('The schedule of this Idempotency-Key is being created; try again in a minute.');
    return { record: replay(other, request), replayed: true };
  }
  try {
    await scheduler.put(record, true, at);
  } catch (problem) {
    await reportFailure(dependencies, `schedule ${scheduleId} is half created`, async () => {
      await scheduler.remove(scheduleId);
      if (scheduler.isRejection(problem)) await store.write(removeSchedule(record.schedule));
    });
    throw scheduler.errorFor(problem);
  }
  return { record: await confirm(record, store), replayed: false };
}

/**
 * Changes a schedule; if EventBridge Scheduler rejects the change, the schedule is as before.
 * @throws NotFound, InvalidRequest, PayloadTooLarge, Conflict, TooManyRequests
 */
export async function changeSchedule(
  scheduleId: string,
  caller: Caller,
  change: RequestedChange,
  dependencies: ScheduleDependencies,
): Promise<ScheduleRecord> {
  const { store, scheduler, now } = dependencies;
  const at = now();
  const before = await readSchedule(scheduleId, caller, store);
  checkIdle(before.schedule, at);
  const { input = before.input, ...rest } = change;
  const schedule = nextVersion({ ...before.schedule, ...rest }, at);
  checkChangedTiming(schedule, at.getTime());
  const record = { schedule, input };
  targetInput(scheduledJobOf(record));
  if (!(await store.write(putSchedule(record, before)))) throw beingChanged();
  try {
    await scheduler.put(record, false, at);
  } catch (problem) {
    await reportFailure(dependencies, `schedule ${scheduleId} is half changed`, async () => {
      const version = schedule.version + 1;
      const back = { ...before, schedule: { ...nextVersion(before.schedule, at), version } };
      if (!(await store.write(putSchedule(back, record)))) return;
      await scheduler.put(back, false, at);
      if (scheduler.isRejection(problem)) await confirm(back, store);
    });
    throw scheduler.errorFor(problem);
  }
  return confirm(record, store);
}

/**
 * Deletes a schedule. A firing that is on its way still becomes a job.
 * @throws NotFound, Conflict, TooManyRequests
 */
export async function deleteSchedule(
  scheduleId: string,
  caller: Caller,
  dependencies: ScheduleDependencies,
): Promise<void> {
  const { store, scheduler, now } = dependencies;
  const at = now();
  const before = await readSchedule(scheduleId, caller, store);
  // Two requests may delete it at once.
  if (before.schedule.state !== 'DELETING') checkIdle(before.schedule, at);
  const schedule: ScheduleItem = { ...nextVersion(before.schedule, at), state: 'DELETING' };
  if (!(await store.write(putSchedule({ ...before, schedule }, before)))) throw beingChanged();
  try {
    await scheduler.remove(scheduleId);
  } catch (problem) {
    throw scheduler.errorFor(problem);
  }
  await store.write(removeSchedule(schedule));
}

/**
 * Reads a schedule of the caller; an admin may read every schedule.
 * @throws NotFound if the schedule does not exist or belongs to another owner.
 */
export async function readSchedule(
  scheduleId: string,
  caller: Caller,
  store: Pick<ScheduleStore, 'read'>,
): Promise<ScheduleRecord> {
  const record = ScheduleId.safeParse(scheduleId).success ? await store.read(scheduleId) : undefined;
  if (record && mayAccess(caller, { owner: ownerOfSchedule(record.schedule) })) return record;
  throw new NotFound('The schedule does not exist.');
}

/**
 * Records that EventBridge Scheduler agrees with the schedule.
 * @throws Conflict if there is a newer version: another request confirms that.
 */
export async function confirm(record: ScheduleRecord, store: ScheduleStore): Promise<ScheduleRecord> {
  const state = record.schedule.enabled ? 'ACTIVE' : 'PAUSED';
  if (!(await store.write([confirmSchedule(record.schedule, state)]))) throw beingChanged();
  return { ...record, schedule: { ...record.schedule, state } };
}

function newRecord(
  scheduleId: string,
  owner: string,
  request: RequestedSchedule,
  now: string,
): ScheduleRecord {
  const { input, ...rest } = request;
  return {
    input,
    schedule: {
      ...rest,
      scheduleId,
      owner: ownerPartition(owner),
      createdAtId: `${now}#${scheduleId}`,
      state: 'CREATING',
      version: 1,
      pendingSince: now,
      createdAt: now,
      updatedAt: now,
    },
  };
}

/** Makes the next version of a schedule, which EventBridge Scheduler does not have yet. */
export const nextVersion = (schedule: ScheduleItem, at: Date): ScheduleItem => ({
  ...schedule,
  version: schedule.version + 1,
  pendingSince: at.toISOString(),
  updatedAt: at.toISOString(),
});

function replay(known: ScheduleRecord, request: RequestedSchedule): ScheduleRecord {
  const { fingerprint, state } = known.schedule;
  if (fingerprint !== request.fingerprint) {
    throw new Conflict('This Idempotency-Key was used for another schedule.');
  }
  if (state === 'CREATING' || state === 'DELETING') {
    throw new Conflict(
      'The schedule of this Idempotency-Key is being created or deleted; try again in a few minutes.',
    );
  }
  return known;
}

function checkIdle({ state, pendingSince }: ScheduleItem, now: Date): void {
  const busy = pendingSince !== undefined && now.getTime() - Date.parse(pendingSince) < lease;
  if (busy || state === 'CREATING' || state === 'DELETING') throw beingChanged();
}

const beingChanged = (): Conflict => new Conflict('The schedule is being changed; try again in a minute.');

/** Does the work; reports its failure with the message. */
async function reportFailure(
  { report }: ScheduleDependencies,
  message: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (problem) {
    report(message, problem);
  }
}
