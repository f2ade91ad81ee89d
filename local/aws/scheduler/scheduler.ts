import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock.ts';
import { cutPage, decodeToken, encodeToken } from '../paging.ts';
import { conflict, invalid, notFound } from './errors.ts';
import { nextFiring } from './expression.ts';
import { type Deliver, firingRule, Firings } from './firings.ts';
import type {
  ListGroupsRequest,
  ListSchedulesRequest,
  PutScheduleRequest,
  ScheduleSpec,
} from './requests.ts';
import { type Schedule, type ScheduleGroup, SchedulerStore } from './store.ts';

export interface SchedulerOptions {
  /** A file, created if it is missing, or ":memory:". */
  database: string;
  region: string;
  accountId: string;
  clock: Clock;
  deliver: Deliver;
  /** A number between 0 and 1: the position of a firing in its flexible window. */
  random?: () => number;
}

/** "The StartDate you specify cannot be earlier than 5 minutes ago." */
const startTolerance = 5 * 60_000;

/** Runs EventBridge Scheduler on one machine: groups, schedules and their firings. */
export class LocalScheduler {
  readonly #store: SchedulerStore;
  readonly #firings: Firings;
  readonly #clock: Clock;
  readonly #prefix: string;

  constructor({ database, region, accountId, clock, deliver, random = Math.random }: SchedulerOptions) {
    this.#store = new SchedulerStore(database);
    this.#clock = clock;
    this.#prefix = `arn:aws:scheduler:${region}:${accountId}`;
    this.#firings = new Firings(this.#store, clock, deliver, random);
    if (!this.#store.group(this.#groupArn('default'))) this.#saveGroup('default', null);
  }

  /** Begins to deliver firings, first those that were missed. */
  start(): void {
    this.#firings.start();
  }

  /** Stops, after the delivery that is under way. */
  async close(): Promise<void> {
    await this.#firings.stop();
    this.#store.close();
  }

  /** Creates a schedule; the same request with the same token returns the existing one. */
  createSchedule(request: PutScheduleRequest): string {
    const { token, spec } = splitToken(request);
    const existing = this.#store.schedule(this.#scheduleArn(spec.GroupName, spec.Name));
    if (existing) {
      if (token !== null && existing.token === token && isDeepStrictEqual(existing.spec, spec))
        return existing.arn;
      throw conflict(`Schedule ${spec.Name} already exists.`);
    }
    return this.#save(spec, token, undefined);
  }

  /** Replaces a schedule: a field that is left out has its default. */
  updateSchedule(request: PutScheduleRequest): string {
    const { spec } = splitToken(request);
    return this.#save(spec, null, this.getSchedule(spec.GroupName, spec.Name));
  }

  /** Reads a schedule. @throws AwsError ResourceNotFoundException */
  getSchedule(group: string, name: string): Schedule {
    const schedule = this.#store.schedule(this.#scheduleArn(group, name));
    if (!schedule) throw notFound(`Schedule ${name} does not exist.`);
    return schedule;
  }

  deleteSchedule(group: string, name: string): void {
    this.#store.deleteSchedule(this.getSchedule(group, name).arn);
  }

  /** Reads a page of the schedules, by group and name. */
  listSchedules(request: ListSchedulesRequest): { schedules: Schedule[]; nextToken?: string } {
    const { ScheduleGroup: group, NamePrefix: name = '', State, MaxResults, NextToken } = request;
    const prefix = group === undefined ? `${this.#prefix}:schedule/` : this.#scheduleArn(group, name);
    const matching: Schedule[] = [];
    let after = startArn('schedules', NextToken);
    for (;;) {
      const read = this.#store.schedules(after, prefix, MaxResults + 1);
      matching.push(
        ...read.filter(
          ({ spec }) => spec.Name.startsWith(name) && (State === undefined || spec.State === State),
        ),
      );
      after = read.at(-1)?.arn ?? after;
      if (matching.length > MaxResults || read.length <= MaxResults) break;
    }
    const { items, ...rest } = cutPage(matching, MaxResults, ({ arn }) => encodeToken('schedules', arn));
    return { schedules: items, ...rest };
  }

  /** Creates a group; the same name with the same token returns the existing one. */
  createGroup(name: string, token: string | null): string {
    const existing = this.#store.group(this.#groupArn(name));
    if (existing && (token === null || existing.token !== token)) {
      throw conflict(`Schedule group ${name} already exists.`);
    }
    return existing?.arn ?? this.#saveGroup(name, token);
  }

  /** Reads a group. @throws AwsError ResourceNotFoundException */
  getGroup(name: string): ScheduleGroup {
    const group = this.#store.group(this.#groupArn(name));
    if (!group) throw notFound(`Schedule group ${name} does not exist.`);
    return group;
  }

  /** Deletes a group and its schedules, at once. */
  deleteGroup(name: string): void {
    if (name === 'default') throw invalid('The default schedule group cannot be deleted.');
    this.#store.deleteGroup(this.getGroup(name).arn);
  }

  /** Reads a page of the groups, by name. */
  listGroups({ NamePrefix: prefix = '', MaxResults, NextToken }: ListGroupsRequest): {
    groups: ScheduleGroup[];
    nextToken?: string;
  } {
    const groups = this.#store.groups(startArn('groups', NextToken), prefix, MaxResults + 1);
    const { items, ...rest } = cutPage(groups, MaxResults, ({ arn }) => encodeToken('groups', arn));
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
    const rule = firingRule(schedule);
    if (rule.expression.kind !== 'at') {
      const { startDate, endDate } = rule;
      if (startDate !== undefined && startDate < now - startTolerance) {
        throw invalid('The StartDate you specify cannot be earlier than 5 minutes ago.');
      }
      if (endDate !== undefined && endDate <= Math.max(now, startDate ?? now)) {
        throw invalid('The EndDate you specify must come after the StartDate and after now.');
      }
    }
    const next = spec.State === 'ENABLED' ? nextFiring(rule, Math.floor(now / 1000) * 1000) : undefined;
    this.#store.saveSchedule({ ...schedule, next: next ?? null });
    this.#firings.wake();
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

/** Checks that the input is JSON, as a state machine requires; a context attribute may be in place of a number. */
function checkInput({ Target: { Input = '{}' } }: ScheduleSpec): void {
  try {
    JSON.parse(Input.replaceAll(/<aws\.scheduler\.[a-z-]+>/g, '0'));
  } catch {
    throw invalid('The Input of a state machine must be well-formed JSON.');
  }
}

/** Separates a schedule from the token of its request. */
function splitToken({ ClientToken: token = null, ...spec }: Omit<PutScheduleRequest, 'ClientToken'> & Token) {
  return { token, spec };
}

interface Token {
  ClientToken?: string | null | undefined;
}

/** Reads the ARN after which a page starts. @throws AwsError ValidationException when the token is not one of this list */
function startArn(list: 'schedules' | 'groups', token: string | undefined): string {
  if (token === undefined) return '';
  const arn = decodeToken(list, token);
  if (arn === undefined) throw invalid('The NextToken is invalid.');
  return arn;
}
