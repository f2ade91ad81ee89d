import type { Cron, CronField } from './parse.ts';
import { CronRefused } from './refused.ts';

/** One way for a day to be allowed; `any` where the field leaves it open. Months hold for both ways alike. */
export interface DayRule {
  daysOfMonth: readonly number[] | 'any';
  daysOfWeek: readonly number[] | 'any';
}

/** A leap year's. */
const longestMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * What the two day fields mean together: a day counts if any of the one or two rules allows it.
 * crontab(5): "If both fields are restricted (i.e., do not contain the "*" character), the command will be run when
 * either field matches". cron programs take what begins with a star for unrestricted, and then both fields must match:
 * so where one is every second day and the other is restricted, which EventBridge Scheduler cannot say.
 * @throws CronRefused with the reason `both-days-required` or `never`.
 */
export function dayRules({ dayOfMonth, month, dayOfWeek }: Cron): DayRule[] {
  const everyDate = dayOfMonth.values.length === 31;
  const everyWeekday = dayOfWeek.values.length === 7;
  const either = !dayOfMonth.star && !dayOfWeek.star;
  if (!either && !everyDate && !everyWeekday) throw bothRequired(dayOfMonth);
  // Where either is enough and one allows every day, so do both together.
  if (either ? everyDate || everyWeekday : everyDate && everyWeekday) {
    return [{ daysOfMonth: 'any', daysOfWeek: 'any' }];
  }
  const byDate: DayRule = { daysOfMonth: dayOfMonth.values, daysOfWeek: 'any' };
  const byWeekday: DayRule = { daysOfMonth: 'any', daysOfWeek: dayOfWeek.values };
  const reachable = dayOfMonth.values.some((day) => month.values.some((each) => day <= lengthOf(each)));
  if (either) return reachable ? [byDate, byWeekday] : [byWeekday];
  if (everyDate) return [byWeekday];
  if (reachable) return [byDate];
  throw new CronRefused(
    'never',
    `It never fires: no month of it has a day ${dayOfMonth.values.join(' or ')}. Choose an earlier day or other months.`,
  );
}

const lengthOf = (month: number): number => longestMonth[month - 1] ?? 0;

function bothRequired({ star }: CronField): CronRefused {
  const [stepped, other] = star ? ['day of month', 'day of week'] : ['day of week', 'day of month'];
  return new CronRefused(
    'both-days-required',
    `Its ${stepped} begins with * and its ${other} is restricted, so both would have to match, which EventBridge Scheduler ` +
      `cannot express. Write * for one of the two, or, where either is enough, a ${stepped} without * ` +
      `(such as ${star ? '1-31/2' : '1-5/2'}).`,
  );
}
