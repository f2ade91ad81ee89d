import { randomBytes } from 'node:crypto';
import type { Clock } from '../step-functions/index.ts';
import { fillIn } from './context-attributes.ts';
import { nextTime, readExpression, type Timing } from './expression.ts';
import type { ScheduleSpec } from './requests.ts';
import type { Invocation, Schedule, Store } from './store.ts';

/** Starts what a tick is for. @throws when it cannot: it is tried again, as the target's RetryPolicy says. */
export type Deliver = (targetArn: string, name: string, input: string) => Promise<void> | void;

/** What is looked at in one go; the rest follows at once. */
const atOnce = 100;

/** A machine that was asleep must not sleep on: timers stand still with it. */
const longestSleep = 60_000;

/**
 * A tick that is later than this is dropped, so that a machine that was off over night does not begin the day with hundreds
 * of jobs. A one-time schedule has no other tick: it may be as late as its target's RetryPolicy allows.
 */
export const latest = 10 * 60_000;

/** AWS's own (API reference, RetryPolicy). */
const defaults = { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 };

/** Turns times into ticks and delivers these, at least once each: a kill between delivery and record delivers again. */
export class Ticks {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #deliver: Deliver;
  readonly #random: () => number;
  readonly #closing = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> | undefined;

  constructor(store: Store, clock: Clock, deliver: Deliver, random: () => number) {
    this.#store = store;
    this.#clock = clock;
    this.#deliver = deliver;
    this.#random = random;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Something may be due earlier than it was. */
  wake(): void {
    this.#wake.abort();
  }

  async stop(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const now = this.#clock.now();
      if (this.#queueDue(now) || (await this.#deliverDue(now))) continue;
      this.#wake = new AbortController();
      const due = Math.min(this.#store.nextDue() ?? Infinity, now + longestSleep);
      await this.#clock.sleepUntil(due, AbortSignal.any([this.#wake.signal, signal])).catch(() => undefined);
    }
  }

  /** @returns whether there was anything. */
  #queueDue(now: number): boolean {
    const due = this.#store.dueSchedules(now, atOnce);
    for (const schedule of due) this.#queue(schedule, now);
    return due.length > 0;
  }

  #queue(schedule: Schedule, now: number): void {
    const { arn, spec } = schedule;
    const timing = timingOf(schedule);
    const limit = timing.expression.kind === 'at' ? ageLimit(spec.Target) : latest;
    let next = schedule.next ?? undefined;
    if (next !== undefined && next < now - limit) {
      const from = new Date(next).toISOString();
      next = nextTime(timing, now - limit);
      console.error(
        `eks-jobs: ticks of ${spec.Name} from ${from} on were missed while this machine was off; dropped`,
      );
    }
    this.#store.together(() => {
      // At most as many as there are minutes in `latest`.
      for (; next !== undefined && next <= now; next = nextTime(timing, next + 1)) {
        this.#store.addInvocation(arn, spec.Target, next, next + this.#delay(spec));
      }
      this.#store.saveSchedule({ ...schedule, next: next ?? null });
    });
    this.#complete(arn);
  }

  #delay({ FlexibleTimeWindow: window }: ScheduleSpec): number {
    return window.Mode === 'OFF' ? 0 : Math.floor(this.#random() * window.MaximumWindowInMinutes * 60_000);
  }

  async #deliverDue(now: number): Promise<boolean> {
    const due = this.#store.dueInvocations(now, atOnce);
    for (const invocation of due) {
      if (this.#closing.signal.aborted) break;
      await this.#attempt(invocation, now);
    }
    return due.length > 0;
  }

  async #attempt(invocation: Invocation, now: number): Promise<void> {
    const { id, schedule_arn: arn, target, scheduled, attempt } = invocation;
    const executionId = randomBytes(8).toString('hex');
    const input = fillIn(target.Input ?? notification(arn, scheduled), {
      'schedule-arn': arn,
      'scheduled-time': secondsOf(scheduled),
      'execution-id': executionId,
      'attempt-number': String(attempt),
    });
    try {
      await this.#deliver(target.Arn, executionId, input);
      this.#store.removeInvocation(id);
    } catch (error) {
      const { MaximumRetryAttempts = defaults.MaximumRetryAttempts } = target.RetryPolicy ?? {};
      // Doubling from a second to a minute; AWS backs off too, and does not say how.
      const due = now + Math.min(1000 * 2 ** (attempt - 1), 60_000);
      if (attempt <= MaximumRetryAttempts && due <= scheduled + ageLimit(target)) {
        this.#store.postpone(id, due, attempt + 1);
        return;
      }
      this.#store.removeInvocation(id);
      const reason = error instanceof Error ? error.message : String(error);
      console.error(`eks-jobs: the tick of ${arn} at ${secondsOf(scheduled)} was given up: ${reason}`);
    }
    this.#complete(arn);
  }

  /** A schedule that fires no more goes, if it was made so. */
  #complete(arn: string): void {
    const schedule = this.#store.schedule(arn);
    if (schedule?.spec.ActionAfterCompletion !== 'DELETE' || schedule.spec.State !== 'ENABLED') return;
    if (schedule.next === null && !this.#store.hasInvocations(arn)) this.#store.deleteSchedule(arn);
  }
}

/** When a schedule fires, from what is stored of it. */
export function timingOf({ spec, modified }: Pick<Schedule, 'spec' | 'modified'>): Timing {
  const startDate = spec.StartDate === undefined ? undefined : spec.StartDate * 1000;
  return {
    expression: readExpression(spec.ScheduleExpression),
    zone: spec.ScheduleExpressionTimezone,
    anchor: startDate ?? Math.floor(modified / 1000) * 1000,
    startDate,
    endDate: spec.EndDate === undefined ? undefined : spec.EndDate * 1000,
  };
}

const ageLimit = ({ RetryPolicy }: Invocation['target']): number =>
  (RetryPolicy?.MaximumEventAgeInSeconds ?? defaults.MaximumEventAgeInSeconds) * 1000;

const secondsOf = (instant: number): string => new Date(instant).toISOString().replace(/\.\d+Z$/, 'Z');

/** What a target without an Input gets. */
const notification = (arn: string, scheduled: number): string =>
  JSON.stringify({
    version: '0',
    id: '<aws.scheduler.execution-id>',
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: arn.split(':')[4],
    time: secondsOf(scheduled),
    region: arn.split(':')[3],
    resources: [arn],
    detail: '{}',
  });
