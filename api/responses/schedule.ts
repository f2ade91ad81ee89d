import * as z from 'zod';
import { ScheduleState } from '../../jobs/schedules/record.ts';
import { OptionsView, Time } from './job.ts';
import { ScheduleId } from '../../jobs/ids.ts';

/** Describes a field that has a new name. Both names are in every response until the next major version. */
const formerName = (name: string): { description: string; deprecated: true } => ({
  description: `The former name of \`${name}\`, with the same value.`,
  deprecated: true,
});

/** A schedule in a list. */
export const ScheduleSummary = z
  .object({
    scheduleId: ScheduleId,
    name: z.string().optional(),
    status: ScheduleState,
    state: ScheduleState.meta(formerName('status')),
    owner: z.string().describe('The subject of the owner’s token, or the ARN of the owner’s IAM identity.'),
    cron: z.string(),
    timezone: z.string(),
    expressions: z
      .array(z.string())
      .min(1)
      .max(2)
      .describe(
        'The expressions in EventBridge Scheduler: one, or two. The schedule fires when either is due.',
      ),
    startAt: Time.optional(),
    endAt: Time.optional(),
    nextRuns: z.array(Time).max(5).describe('The next five firings; empty while the schedule is paused.'),
    createdAt: Time,
    updatedAt: Time,
  })
  .meta({ id: 'ScheduleSummary' });
export type ScheduleSummary = z.infer<typeof ScheduleSummary>;

/** A schedule: the body of `GET /jobs/schedules/{scheduleId}`. */
export const ScheduleView = ScheduleSummary.extend({
  ...OptionsView.shape,
  input: z.unknown().describe('The input of its jobs, a JSON object.'),
}).meta({ id: 'Schedule' });
export type ScheduleView = z.infer<typeof ScheduleView>;

/** The body of `GET /jobs/schedules`. */
export const ScheduleList = z
  .object({
    schedules: z.array(ScheduleSummary).max(50),
    cursor: z.string().optional().describe('Send it to get the next page; absent on the last page.'),
    nextToken: z.string().optional().meta(formerName('cursor')),
  })
  .meta({ id: 'ScheduleList' });
export type ScheduleList = z.infer<typeof ScheduleList>;

/** The response to a request that deleted a schedule. */
export const DeletedSchedule = z
  .object({
    scheduleId: ScheduleId,
    status: z.literal('DELETED'),
    state: z.literal('DELETED').meta(formerName('status')),
  })
  .meta({ id: 'DeletedSchedule' });
export type DeletedSchedule = z.infer<typeof DeletedSchedule>;
