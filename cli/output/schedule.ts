import type { ScheduleSummary, ScheduleView } from '../../api/responses/schedule.ts';
import type { Paint } from '../shell.ts';
import { details, table } from './table.ts';
import { moment, printable } from './text.ts';

const colours: Record<ScheduleSummary['state'], Parameters<Paint>[0]> = {
  CREATING: 'cyan',
  ACTIVE: 'green',
  PAUSED: 'yellow',
  DELETING: 'red',
};

const paintState = (state: ScheduleSummary['state'], paint: Paint): string => paint(colours[state], state);

/** A schedule by itself. */
export const renderSchedule = (schedule: ScheduleView, paint: Paint): string =>
  details([
    ['Schedule', schedule.scheduleId],
    ['Name', printable(schedule.name ?? '')],
    ['State', paintState(schedule.state, paint)],
    ['Owner', printable(schedule.owner)],
    ['Cron', printable(schedule.cron)],
    ['Time zone', schedule.timezone],
    ['On AWS', schedule.expressions.join(', ')],
    ['From', moment(schedule.startAt)],
    ['Until', moment(schedule.endAt)],
    ['Next runs', schedule.nextRuns.map(moment).join(', ')],
    ['Created', moment(schedule.createdAt)],
    ['Changed', moment(schedule.updatedAt)],
    ['Input', printable(JSON.stringify(schedule.input))],
  ]);

/** Schedules, a line each. */
export const renderSchedules = (
  schedules: readonly ScheduleSummary[],
  paint: Paint,
  width?: number,
): string =>
  table(
    ['SCHEDULE', 'STATE', 'CRON', 'TIME ZONE', 'NEXT RUN', 'NAME'],
    schedules.map(({ scheduleId, state, cron, timezone, nextRuns, name }) => [
      scheduleId,
      paintState(state, paint),
      printable(cron),
      timezone,
      moment(nextRuns[0]),
      printable(name ?? ''),
    ]),
    width,
  );
