import type { ScheduleSummary, ScheduleView } from '../../api/responses/schedule.ts';
import type { Paint, Render } from '../session.ts';
import { formatJson, formatLimits } from './job.ts';
import { formatPairs, formatTime, printable, renderFields, renderTable } from './table.ts';

const colours: Record<ScheduleSummary['status'], Parameters<Paint>[0]> = {
  CREATING: 'cyan',
  ACTIVE: 'green',
  PAUSED: 'yellow',
  DELETING: 'red',
};

const paintStatus = (status: ScheduleSummary['status'], paint: Paint): string =>
  paint(colours[status], status);

/** Renders one schedule. */
export const renderSchedule: Render<ScheduleView> = (schedule, paint) =>
  renderFields([
    ['Schedule', schedule.scheduleId],
    ['Name', printable(schedule.name ?? '')],
    ['State', paintStatus(schedule.status, paint)],
    ['Owner', printable(schedule.owner)],
    ['Cron', printable(schedule.cron)],
    ['Time zone', schedule.timezone],
    ['On AWS', schedule.expressions.join(', ')],
    ['From', formatTime(schedule.startAt)],
    ['Until', formatTime(schedule.endAt)],
    ['Next runs', schedule.nextRuns.map(formatTime).join(', ')],
    ['Created', formatTime(schedule.createdAt)],
    ['Changed', formatTime(schedule.updatedAt)],
    ['Labels', printable(formatPairs(schedule.labels ?? {}))],
    ['Resources', printable(formatPairs(schedule.resources ?? {}))],
    ['Limits', formatLimits(schedule)],
    ['Input', formatJson(schedule.input)],
  ]);

/** Renders schedules, one per line. */
export const renderSchedules: Render<readonly ScheduleSummary[]> = (schedules, paint, width) =>
  renderTable(
    ['SCHEDULE', 'STATE', 'CRON', 'TIME ZONE', 'NEXT RUN', 'NAME'],
    schedules.map(({ scheduleId, status, cron, timezone, nextRuns, name }) => [
      scheduleId,
      paintStatus(status, paint),
      printable(cron),
      timezone,
      formatTime(nextRuns[0]),
      printable(name ?? ''),
    ]),
    width,
  );
