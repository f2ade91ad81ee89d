import { type Cron, type CronField, InvalidCron } from './parse.ts';

/** A rule that allows a day; `any` for a field without a restriction. The months apply to every rule. */
export interface DayRule {
  daysOfMonth: readonly number[] | 'any';
  daysOfWeek: readonly number[] | 'any';
}

/** The days of each month in a leap year. */
const daysInMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Combines the two day fields into one or two rules: a day is allowed if any rule allows it.
 * crontab(5): "If both fields are restricted (i.e., do not contain the "*" character), the command will be run when
 * either field matches". cron programs treat a field that begins with a star as unrestricted, and then both fields must
 * match. So a stepped star with a restricted other field requires both, which EventBridge Scheduler cannot express.
 * @throws InvalidCron with the reason `both-days-required` or `never`.
 */
export function dayRules({ dayOfMonth, month, dayOfWeek }: Cron): DayRule[] {
  const everyDate = dayOfMonth.values.length === 31;
  const everyWeekday = dayOfWeek.values.length === 7;
  const either = !dayOfMonth.star && !dayOfWeek.star;
  if (!either && !everyDate && !everyWeekday) throw bothRequired(dayOfMonth);
  // If either is enough and one allows every day, both together allow every day.
  if (either ? everyDate || everyWeekday : everyDate && everyWeekday) {
    return [{ daysOfMonth: 'any', daysOfWeek: 'any' }];
  }
  const byDate: DayRule = { daysOfMonth: dayOfMonth.values, daysOfWeek: 'any' };
  const byWeekday: DayRule = { daysOfMonth: 'any', daysOfWeek: dayOfWeek.values };
  const reachable = dayOfMonth.values.some((day) => month.values.some((each) => day <= lengthOf(each)));
  if (either) return reachable ? [byDate, byWeekday] : [byWeekday];
  if (everyDate) return [byWeekday];
  if (reachable) return [byDate];
  throw new InvalidCron(
    'never',
    `It never fires: none of its months has a day ${dayOfMonth.values.join(' or ')}. Choose an earlier day or other months.`,
  );
}

const lengthOf = (month: number): number => daysInMonth[month - 1] ?? 0;

function bothRequired({ star }: CronField): InvalidCron {
  const [stepped, other] = star ? ['day of month', 'day of week'] : ['day of week', 'day of month'];
  return new InvalidCron(
    'both-days-required',
    `Its ${stepped} begins with * and its ${other} is restricted, so both must match, which EventBridge Scheduler ` +
      `cannot express. Write * for one of the two. If either is enough, write a ${stepped} without * ` +
      `(such as ${star ? '1-31/2' : '1-5/2'}).`,
  );
}
