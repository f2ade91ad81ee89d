import type { ScheduleSummary, ScheduleView } from '../../api/responses/schedule.ts';
import type { Paint, Render } from '../session.ts';
import { formatJson } from './job.ts';
import { formatTime, printable, renderFields, renderTable } from './table.ts';

const colours: Record<ScheduleSummary['state'], Parameters<Paint>[0]> = {
  CREATING: 'cyan',
  ACTIVE: 'green',
  PAUSED: 'yellow',
  DELETING: 'red',
};

const paintState = (state: ScheduleSummary['state'], paint: Paint): string => paint(colours[state], state);

/** Renders one schedule. */
export const renderSchedule: Render<ScheduleView> = (schedule, paint) =>
  renderFields([
    ['Schedule', schedule.scheduleId],
    ['Name', printable(schedule.name ?? '')],
    ['State', paintState(schedule.state, paint)],
    ['Owner', printable(schedule.owner)],
    ['Cron', printable(schedule.cron)],
    ['Time zone', schedule.timezone],
    ['On AWS', schedule.expressions.join(', ')],
    ['From', formatTime(schedule.startAt)],
    ['Until', formatTime(schedule.endAt)],
    ['Next runs', schedule.nextRuns.map(formatTime).join(', ')],
    ['Created', formatTime(schedule.createdAt)],
    ['Changed', formatTime(schedule.updatedAt)],
    ['Input', formatJson(schedule.input)],
  ]);

/** Renders schedules, one per line. */
export const renderSchedules: Render<readonly ScheduleSummary[]> = (schedules, paint, width) =>
  renderTable(
    ['SCHEDULE', 'STATE', 'CRON', 'TIME ZONE', 'NEXT RUN', 'NAME'],
    schedules.map(({ scheduleId, state, cron, timezone, nextRuns, name }) => [
      scheduleId,
      paintState(state, paint),
      printable(cron),
      timezone,
      formatTime(nextRuns[0]),
      printable(name ?? ''),
    ]),
    width,
  );
