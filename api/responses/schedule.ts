import * as z from 'zod';
import { ScheduleState } from '../../jobs/schedules/record.ts';
import { OptionsView, Time } from './job.ts';
import { ScheduleId } from '../../jobs/ids.ts';

/** A schedule in a list. */
export const ScheduleSummary = z
  .object({
    scheduleId: ScheduleId,
    name: z.string().optional(),
    state: ScheduleState,
    owner: z.string().describe('Who made it: the subject of their token, or the ARN of their IAM identity.'),
    cron: z.string(),
    timezone: z.string(),
    expressions: z
      .array(z.string())
      .min(1)
      .max(2)
      .describe('What it is at EventBridge Scheduler: one expression, or two of which either is enough.'),
    startAt: Time.optional(),
    endAt: Time.optional(),
    nextRuns: z.array(Time).max(5).describe('The next five; none while it is paused.'),
    createdAt: Time,
    updatedAt: Time,
  })
  .meta({ id: 'ScheduleSummary' });
export type ScheduleSummary = z.infer<typeof ScheduleSummary>;

/** A schedule by itself: the body of `GET /jobs/schedules/{scheduleId}`. */
export const ScheduleView = ScheduleSummary.extend({
  ...OptionsView.shape,
  input: z.unknown().describe('The input of its jobs, a JSON object.'),
}).meta({ id: 'Schedule' });
export type ScheduleView = z.infer<typeof ScheduleView>;

/** The body of `GET /jobs/schedules`. */
export const ScheduleList = z
  .object({
    schedules: z.array(ScheduleSummary).max(50),
    nextToken: z.string().optional().describe('Where the next page begins; absent at the end.'),
  })
  .meta({ id: 'ScheduleList' });
export type ScheduleList = z.infer<typeof ScheduleList>;

/** The answer to who deleted a schedule. */
export const DeletedSchedule = z
  .object({ scheduleId: ScheduleId, state: z.literal('DELETED') })
  .meta({ id: 'DeletedSchedule' });
export type DeletedSchedule = z.infer<typeof DeletedSchedule>;
