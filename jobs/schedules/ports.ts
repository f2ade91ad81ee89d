import type { Write } from '../write.ts';
import type { ScheduleItem, ScheduleRecord } from './record.ts';

/** The interfaces that schedules need from outside. jobs/aws implements them. */

/** The table of schedules. */
export interface ScheduleStore {
  read(scheduleId: string): Promise<ScheduleRecord | undefined>;
  /** Reads a page of an owner's schedules, newest first; `next`: where the next page begins. */
  list(
    owner: string,
    limit: number,
    after?: SchedulePosition,
  ): Promise<{ schedules: ScheduleItem[]; next?: SchedulePosition }>;
  /** Reads schedules that EventBridge Scheduler may differ from, oldest first, `limit` at most. */
  pending(limit: number): Promise<ScheduleItem[]>;
  /**
   * Applies the writes together or not at all.
   * @returns false when a condition failed or another transaction interfered.
   */
  write(writes: readonly Write[]): Promise<boolean>;
}

/** The position of a schedule in its owner's list. */
export interface SchedulePosition {
  createdAt: string;
  scheduleId: string;
}

/** EventBridge Scheduler: it has one schedule for each AWS expression of ours. */
export interface Scheduler {
  /**
   * Makes EventBridge Scheduler agree with the record. Idempotent.
   * @param isNew whether EventBridge Scheduler has nothing of it yet: then one call for each expression is enough.
   */
  put(record: ScheduleRecord, isNew: boolean, now: Date): Promise<void>;
  /** Removes the schedule from EventBridge Scheduler. Idempotent. */
  remove(scheduleId: string): Promise<void>;
  /**
   * Tells whether a request that failed has certainly changed nothing. A lost response may belong to a request that is
   * still in progress: then the item stays as it is, and sweep repeats the request when none can be in progress any more.
   */
  isRejection(problem: unknown): boolean;
  /** Translates a failure into the error that the caller may see, if there is one. */
  errorFor(problem: unknown): unknown;
}
