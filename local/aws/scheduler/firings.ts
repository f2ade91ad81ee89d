import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { fillContextAttributes } from './context-attributes.ts';
import { type FiringRule, nextFiring, parseExpression } from './expression.ts';
import type { ScheduleSpec } from './requests.ts';
import type { PendingInvocation, Schedule, SchedulerStore } from './store.ts';

/** Delivers a firing to its target. An error makes it be tried again, as the target's RetryPolicy defines. */
export type Deliver = (targetArn: string, name: string, input: string) => Promise<void> | void;

/** How many schedules or deliveries are read at a time; the rest follows at once. */
const batchSize = 100;

/** Timers stop while a machine sleeps, so the clock is read at least this often (milliseconds). */
const maximumSleep = 60_000;

/**
 * A firing that is later than this (milliseconds) is dropped, so that a machine that was off over night does not begin
 * the day with hundreds of jobs. A one-time schedule fires only once: it may be as late as its target's RetryPolicy
 * allows.
 */
const maximumDelay = 10 * 60_000;

/** AWS's defaults (API reference, RetryPolicy). */
const defaultRetryPolicy = { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 };

/**
 * Queues the firings of schedules and delivers each at least once: a kill between delivery and its record delivers
 * again.
 */
export class Firings {
  readonly #store: SchedulerStore;
  readonly #clock: Clock;
  readonly #deliver: Deliver;
  readonly #random: () => number;
  readonly #closing = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> | undefined;

  constructor(store: SchedulerStore, clock: Clock, deliver: Deliver, random: () => number) {
    this.#store = store;
    this.#clock = clock;
    this.#deliver = deliver;
    this.#random = random;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the sleep: something may be due earlier than before. */
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
      const due = Math.min(this.#store.nextDue() ?? Infinity, now + maximumSleep);
      await this.#clock.sleepUntil(due, AbortSignal.any([this.#wake.signal, signal])).catch(() => undefined);
    }
  }

  /** Queues the firings that are due. @returns whether any schedule was due. */
  #queueDue(now: number): boolean {
    const due = this.#store.dueSchedules(now, batchSize);
    for (const schedule of due) this.#queue(schedule, now);
    return due.length > 0;
  }

  #queue(schedule: Schedule, now: number): void {
    const { arn, spec } = schedule;
    const rule = firingRule(schedule);
    const limit = rule.expression.kind === 'at' ? ageLimit(spec.Target) : maximumDelay;
    let next = schedule.next ?? undefined;
    if (next !== undefined && next < now - limit) {
      const from = new Date(next).toISOString();
      next = nextFiring(rule, now - limit);
      console.error(
        `eks-jobs: the firings of ${spec.Name} from ${from} were missed while this machine was off; dropped`,
      );
    }
    this.#store.inTransaction(() => {
      // A schedule fires once a minute at most, so `maximumDelay` limits their number.
      for (; next !== undefined && next <= now; next = nextFiring(rule, next + 1)) {
        this.#store.addInvocation(arn, spec.Target, next, next + this.#delay(spec));
      }
      this.#store.saveSchedule({ ...schedule, next: next ?? null });
    });
    this.#complete(arn);
  }

  #delay({ FlexibleTimeWindow: window }: ScheduleSpec): number {
    return window.Mode === 'OFF' ? 0 : Math.floor(this.#random() * window.MaximumWindowInMinutes * 60_000);
  }

  /** Delivers the firings that are due. @returns whether any was due. */
  async #deliverDue(now: number): Promise<boolean> {
    const due = this.#store.dueInvocations(now, batchSize);
    for (const invocation of due) {
      if (this.#closing.signal.aborted) break;
      await this.#deliverOne(invocation, now);
    }
    return due.length > 0;
  }

  async #deliverOne(invocation: PendingInvocation, now: number): Promise<void> {
    const { id, schedule_arn: arn, target, scheduled, attempt } = invocation;
    const executionId = randomBytes(8).toString('hex');
    const input = fillContextAttributes(target.Input ?? defaultInput(arn, scheduled), {
      'schedule-arn': arn,
      'scheduled-time': secondsOf(scheduled),
      'execution-id': executionId,
      'attempt-number': String(attempt),
    });
    try {
      await this.#deliver(target.Arn, executionId, input);
      this.#store.removeInvocation(id);
    } catch (error) {
      const { MaximumRetryAttempts = defaultRetryPolicy.MaximumRetryAttempts } = target.RetryPolicy ?? {};
      // The delay doubles from a second to a minute. AWS backs off too, but does not document how.
      const due = now + Math.min(1000 * 2 ** (attempt - 1), 60_000);
      if (attempt <= MaximumRetryAttempts && due <= scheduled + ageLimit(target)) {
        this.#store.postpone(id, due, attempt + 1);
        return;
      }
      this.#store.removeInvocation(id);
      const reason = error instanceof Error ? error.message : String(error);
      console.error(`eks-jobs: the firing of ${arn} at ${secondsOf(scheduled)} was given up: ${reason}`);
    }
    this.#complete(arn);
  }

  /** Deletes a schedule that never fires again, if its ActionAfterCompletion is DELETE. */
  #complete(arn: string): void {
    const schedule = this.#store.schedule(arn);
    if (schedule?.spec.ActionAfterCompletion !== 'DELETE' || schedule.spec.State !== 'ENABLED') return;
    if (schedule.next === null && !this.#store.hasInvocations(arn)) this.#store.deleteSchedule(arn);
  }
}

/** Makes the rule by which a schedule fires. */
export function firingRule({ spec, modified }: Pick<Schedule, 'spec' | 'modified'>): FiringRule {
  const startDate = spec.StartDate === undefined ? undefined : spec.StartDate * 1000;
  return {
    expression: parseExpression(spec.ScheduleExpression),
    zone: spec.ScheduleExpressionTimezone,
    anchor: startDate ?? Math.floor(modified / 1000) * 1000,
    startDate,
    endDate: spec.EndDate === undefined ? undefined : spec.EndDate * 1000,
  };
}

const ageLimit = ({ RetryPolicy }: PendingInvocation['target']): number =>
  (RetryPolicy?.MaximumEventAgeInSeconds ?? defaultRetryPolicy.MaximumEventAgeInSeconds) * 1000;

const secondsOf = (instant: number): string => new Date(instant).toISOString().replace(/\.\d+Z$/, 'Z');

/** Makes the input of a target without an Input. */
const defaultInput = (arn: string, scheduled: number): string =>
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
