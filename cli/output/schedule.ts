import type { ScheduleView } from '../../jobs/schedules/view.ts';
import type { Paint } from '../shell.ts';
import { details, table } from './table.ts';
import { moment, printable } from './text.ts';

const colours: Record<ScheduleView['state'], Parameters<Paint>[0]> = {
  CREATING: 'cyan',
  ACTIVE: 'green',
  PAUSED: 'yellow',
  DELETING: 'red',
};

const paintState = (state: ScheduleView['state'], paint: Paint): string => paint(colours[state], state);

/** A schedule by itself; in a list it comes without its input. */
export const renderSchedule = (schedule: ScheduleView & { input?: unknown }, paint: Paint): string =>
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
    ['Input', schedule.input === undefined ? '' : printable(JSON.stringify(schedule.input))],
  ]);

/** Schedules, a line each. */
export const renderSchedules = (schedules: readonly ScheduleView[], paint: Paint, width?: number): string =>
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
