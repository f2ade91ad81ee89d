import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../step-functions/index.ts';
import { invalid, SchedulerError } from './errors.ts';
import { nextTime } from './expression.ts';
import type { ListGroupsRequest, ListSchedulesRequest, ScheduleRequest, ScheduleSpec } from './requests.ts';
import { type Group, type Schedule, Store } from './store.ts';
import { type Deliver, Ticks, timingOf } from './firings.ts';

export interface SchedulerOptions {
  /** A file, made if missing, or ":memory:". */
  database: string;
  region: string;
  accountId: string;
  clock: Clock;
  deliver: Deliver;
  /** Between 0 and 1: where in its flexible window a tick comes. */
  random?: () => number;
}

/** "The StartDate you specify cannot be earlier than 5 minutes ago." */
const startTolerance = 5 * 60_000;

/** EventBridge Scheduler on one machine: groups, schedules, and the clock that fires them. */
export class Scheduler {
  readonly #store: Store;
  readonly #ticks: Ticks;
  readonly #clock: Clock;
  readonly #prefix: string;

  constructor({ database, region, accountId, clock, deliver, random = Math.random }: SchedulerOptions) {
    this.#store = new Store(database);
    this.#clock = clock;
    this.#prefix = `arn:aws:scheduler:${region}:${accountId}`;
    this.#ticks = new Ticks(this.#store, clock, deliver, random);
    if (!this.#store.group(this.#groupArn('default'))) this.#saveGroup('default', null);
  }

  /** Begins to deliver, ticks that were missed first. */
  start(): void {
    this.#ticks.start();
  }

  /** A tick that is being delivered is waited for. */
  async close(): Promise<void> {
    await this.#ticks.stop();
    this.#store.close();
  }

  /** Creates a schedule; the same again with the same token gives the one there is. */
  createSchedule(request: ScheduleRequest): string {
    const { token, spec } = divide(request);
    const existing = this.#store.schedule(this.#scheduleArn(spec.GroupName, spec.Name));
    if (existing) {
      if (token !== null && existing.token === token && isDeepStrictEqual(existing.spec, spec))
        return existing.arn;
      throw new SchedulerError('ConflictException', `Schedule ${spec.Name} already exists.`);
    }
    return this.#save(spec, token, undefined);
  }

  /** Replaces a schedule: what is not given gets its default. */
  updateSchedule(request: ScheduleRequest): string {
    const { spec } = divide(request);
    return this.#save(spec, null, this.getSchedule(spec.GroupName, spec.Name));
  }

  /** @throws SchedulerError ResourceNotFoundException. */
  getSchedule(group: string, name: string): Schedule {
    const schedule = this.#store.schedule(this.#scheduleArn(group, name));
    if (!schedule) throw new SchedulerError('ResourceNotFoundException', `Schedule ${name} does not exist.`);
    return schedule;
  }

  deleteSchedule(group: string, name: string): void {
    this.#store.deleteSchedule(this.getSchedule(group, name).arn);
  }

  /** Schedules by group and name. */
  listSchedules(request: ListSchedulesRequest): { schedules: Schedule[]; nextToken?: string } {
    const { ScheduleGroup: group, NamePrefix: name = '', State, MaxResults, NextToken } = request;
    const prefix = group === undefined ? `${this.#prefix}:schedule/` : this.#scheduleArn(group, name);
    const found: Schedule[] = [];
    let after = cursorOf(NextToken);
    for (;;) {
      const read = this.#store.schedules(after, prefix, MaxResults + 1);
      found.push(
        ...read.filter(
          ({ spec }) => spec.Name.startsWith(name) && (State === undefined || spec.State === State),
        ),
      );
      after = read.at(-1)?.arn ?? after;
      if (found.length > MaxResults || read.length <= MaxResults) break;
    }
    const { items, ...rest } = pageOf(found, MaxResults);
    return { schedules: items, ...rest };
  }

  /** Creates a group; the same again with the same token gives the one there is. */
  createGroup(name: string, token: string | null): string {
    const existing = this.#store.group(this.#groupArn(name));
    if (existing && (token === null || existing.token !== token)) {
      throw new SchedulerError('ConflictException', `Schedule group ${name} already exists.`);
    }
    return existing?.arn ?? this.#saveGroup(name, token);
  }

  /** @throws SchedulerError ResourceNotFoundException. */
  getGroup(name: string): Group {
    const group = this.#store.group(this.#groupArn(name));
    if (!group)
      throw new SchedulerError('ResourceNotFoundException', `Schedule group ${name} does not exist.`);
    return group;
  }

  /** Deletes a group and its schedules, at once. */
  deleteGroup(name: string): void {
    if (name === 'default') throw invalid('The default schedule group cannot be deleted.');
    this.#store.deleteGroup(this.getGroup(name).arn);
  }

  listGroups({ NamePrefix: prefix = '', MaxResults, NextToken }: ListGroupsRequest): {
    groups: Group[];
    nextToken?: string;
  } {
    const { items, ...rest } = pageOf(
      this.#store.groups(cursorOf(NextToken), prefix, MaxResults + 1),
      MaxResults,
    );
    return { groups: items, ...rest };
  }

  #save(spec: ScheduleSpec, token: string | null, before: Schedule | undefined): string {
    const now = this.#clock.now();
    this.getGroup(spec.GroupName);
    checkInput(spec);
    const schedule: Schedule = {
      arn: this.#scheduleArn(spec.GroupName, spec.Name),
      spec,
      token,
      created: before?.created ?? now,
      modified: now,
      next: null,
    };
    const timing = timingOf(schedule);
    if (timing.expression.kind !== 'at') {
      const { startDate, endDate } = timing;
      if (startDate !== undefined && startDate < now - startTolerance) {
        throw invalid('The StartDate you specify cannot be earlier than 5 minutes ago.');
      }
      if (endDate !== undefined && endDate <= Math.max(now, startDate ?? now)) {
        throw invalid('The EndDate you specify must come after the StartDate and after now.');
      }
    }
    const next = spec.State === 'ENABLED' ? nextTime(timing, Math.floor(now / 1000) * 1000) : undefined;
    this.#store.saveSchedule({ ...schedule, next: next ?? null });
    this.#ticks.wake();
    return schedule.arn;
  }

  #saveGroup(name: string, token: string | null): string {
    const [arn, now] = [this.#groupArn(name), this.#clock.now()];
    this.#store.saveGroup({ arn, name, token, created: now, modified: now });
    return arn;
  }

  #groupArn(name: string): string {
    return `${this.#prefix}:schedule-group/${name}`;
  }

  #scheduleArn(group: string, name: string): string {
    return `${this.#prefix}:schedule/${group}/${name}`;
  }
}

/** A state machine takes nothing but JSON; a context attribute may stand for a number. */
function checkInput({ Target: { Input = '{}' } }: ScheduleSpec): void {
  try {
    JSON.parse(Input.replaceAll(/<aws\.scheduler\.[a-z-]+>/g, '0'));
  } catch {
    throw invalid('The Input of a state machine must be well-formed JSON.');
  }
}

/** What is kept of a schedule, and the token of the request. */
function divide({ ClientToken: token = null, ...spec }: Omit<ScheduleRequest, 'ClientToken'> & Token) {
  return { token, spec };
}

interface Token {
  ClientToken?: string | null | undefined;
}

function pageOf<Item extends { arn: string }>(
  items: Item[],
  size: number,
): { items: Item[]; nextToken?: string } {
  const kept = items.slice(0, size);
  const last = kept.at(-1);
  return items.length > size && last
    ? { items: kept, nextToken: Buffer.from(last.arn).toString('base64url') }
    : { items: kept };
}

function cursorOf(token: string | undefined): string {
  if (token === undefined) return '';
  const arn = Buffer.from(token, 'base64url').toString();
  if (!arn.startsWith('arn:aws:scheduler:')) throw invalid('The NextToken is invalid.');
  return arn;
}
