import { Conflict, NotFound } from '../errors.ts';
import { type Caller, maySee } from '../caller.ts';
import type { AwsSchedules } from '../aws/scheduler.ts';
import { newScheduleId, ScheduleId } from './id.ts';
import { scheduledJobOf, targetInput } from './scheduled-job.ts';
import { ownerOfSchedule, ownerPartition, type ScheduleItem, type ScheduleRecord } from './record.ts';
import { isRefusal, refusalOf } from '../aws/schedule-rejections.ts';
import { checkRuns, checkRunsAgain, type Wanted } from '../../api/schedule-request.ts';
import type { ScheduleStore } from '../aws/schedule-store.ts';
import { forgotten, put, settled } from './writes.ts';

export interface Dependencies {
  store: ScheduleStore;
  aws: AwsSchedules;
  now: () => Date;
  /** A half that could not be cleared away at once: sweep does it later. */
  report: (message: string, problem: unknown) => void;
}

/** No function lives longer than this: whoever wrote `pendingSince` earlier is gone. Milliseconds. */
const lease = 60_000;

/**
 * Makes a schedule. The table's item is written first, then EventBridge Scheduler; what fails on the way is taken back, now
 * or by sweep.
 * @param key the caller's Idempotency-Key: the same request again gives the schedule there is.
 * @throws InvalidRequest, PayloadTooLarge, Conflict, TooManyRequests
 */
export async function createSchedule(
  wanted: Wanted,
  owner: string,
  key: string | undefined,
  dependencies: Dependencies,
): Promise<{ record: ScheduleRecord; replayed: boolean }> {
  const { store, aws, now } = dependencies;
  const scheduleId = newScheduleId(owner, key);
  const known = key === undefined ? undefined : await store.read(scheduleId);
  if (known) return { record: replay(known, wanted), replayed: true };
  const at = now();
  checkRuns(wanted, at.getTime());
  const record = newRecord(scheduleId, owner, wanted, at.toISOString());
  targetInput(scheduledJobOf(record));
  if (!(await store.write(put(record, undefined)))) {
    const other = await store.read(scheduleId);
    if (!other)
      throw new Conflict('The schedule of this Idempotency-Key is being made; try again in a minute.');
    return { record: replay(other, wanted), replayed: true };
  }
  try {
    await aws.put(record, true, at);
  } catch (problem) {
    await attempt(dependencies, `schedule ${scheduleId} is half made`, async () => {
      await aws.remove(scheduleId);
      if (isRefusal(problem)) await store.write(forgotten(record.schedule));
    });
    throw refusalOf(problem);
  }
  return { record: await settle(record, store), replayed: false };
}

/**
 * Changes a schedule; where EventBridge Scheduler refuses, it is as before.
 * @throws NotFound, InvalidRequest, PayloadTooLarge, Conflict, TooManyRequests
 */
export async function changeSchedule(
  scheduleId: string,
  caller: Caller,
  change: Partial<Omit<Wanted, 'fingerprint'>>,
  dependencies: Dependencies,
): Promise<ScheduleRecord> {
  const { store, aws, now } = dependencies;
  const at = now();
  const before = await readOwn(scheduleId, caller, store);
  checkIdle(before.schedule, at);
  const { input = before.input, ...rest } = change;
  const schedule = pendingAgain({ ...before.schedule, ...rest }, at);
  checkRunsAgain(schedule, at.getTime());
  const record = { schedule, input };
  targetInput(scheduledJobOf(record));
  if (!(await store.write(put(record, before)))) throw beingChanged();
  try {
    await aws.put(record, false, at);
  } catch (problem) {
    await attempt(dependencies, `schedule ${scheduleId} is half changed`, async () => {
      const version = schedule.version + 1;
      const back = { ...before, schedule: { ...pendingAgain(before.schedule, at), version } };
      if (!(await store.write(put(back, record)))) return;
      await aws.put(back, false, at);
      if (isRefusal(problem)) await settle(back, store);
    });
    throw refusalOf(problem);
  }
  return settle(record, store);
}

/**
 * Deletes a schedule. A tick that is on its way still becomes a job.
 * @throws NotFound, Conflict, TooManyRequests
 */
export async function deleteSchedule(
  scheduleId: string,
  caller: Caller,
  dependencies: Dependencies,
): Promise<void> {
  const { store, aws, now } = dependencies;
  const at = now();
  const before = await readOwn(scheduleId, caller, store);
  // Deleting twice at once does no harm.
  if (before.schedule.state !== 'DELETING') checkIdle(before.schedule, at);
  const schedule: ScheduleItem = { ...pendingAgain(before.schedule, at), state: 'DELETING' };
  if (!(await store.write(put({ ...before, schedule }, before)))) throw beingChanged();
  try {
    await aws.remove(scheduleId);
  } catch (problem) {
    throw refusalOf(problem);
  }
  await store.write(forgotten(schedule));
}

/**
 * The caller's schedule; for an admin anybody's.
 * @throws NotFound where there is none, or it is somebody else's.
 */
export async function readOwn(
  scheduleId: string,
  caller: Caller,
  store: ScheduleStore,
): Promise<ScheduleRecord> {
  const record = ScheduleId.safeParse(scheduleId).success ? await store.read(scheduleId) : undefined;
  if (record && maySee(caller, { owner: ownerOfSchedule(record.schedule) })) return record;
  throw new NotFound('There is no such schedule.');
}

/** Says that EventBridge Scheduler has it as it is. A version that has moved on is somebody else's to settle. */
export async function settle(record: ScheduleRecord, store: ScheduleStore): Promise<ScheduleRecord> {
  const state = record.schedule.enabled ? 'ACTIVE' : 'PAUSED';
  if (!(await store.write([settled(record.schedule, state)]))) throw beingChanged();
  return { ...record, schedule: { ...record.schedule, state } };
}

function newRecord(scheduleId: string, owner: string, wanted: Wanted, now: string): ScheduleRecord {
  const { input, ...rest } = wanted;
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

/** The next version of it, not yet at EventBridge Scheduler. */
export const pendingAgain = (schedule: ScheduleItem, at: Date): ScheduleItem => ({
  ...schedule,
  version: schedule.version + 1,
  pendingSince: at.toISOString(),
  updatedAt: at.toISOString(),
});

function replay(known: ScheduleRecord, wanted: Wanted): ScheduleRecord {
  const { fingerprint, state } = known.schedule;
  if (fingerprint !== wanted.fingerprint) {
    throw new Conflict('This Idempotency-Key was used for another schedule.');
  }
  if (state === 'CREATING' || state === 'DELETING') {
    throw new Conflict(
      'The schedule of this Idempotency-Key is being made or deleted; try again in some minutes.',
    );
  }
  return known;
}

function checkIdle({ state, pendingSince }: ScheduleItem, now: Date): void {
  const busy = pendingSince !== undefined && now.getTime() - Date.parse(pendingSince) < lease;
  if (busy || state === 'CREATING' || state === 'DELETING') throw beingChanged();
}

const beingChanged = (): Conflict => new Conflict('The schedule is being changed; try again in a minute.');

async function attempt({ report }: Dependencies, message: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (problem) {
    report(message, problem);
  }
}
