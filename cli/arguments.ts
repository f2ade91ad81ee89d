import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { JobView } from '../api/responses/job.ts';
import { ScheduleView } from '../api/responses/schedule.ts';
import { readInput } from './input.ts';
import type { CommandSession } from './session.ts';

/** Makes a parser of integers from minimum to maximum, both included. */
export function integerParser(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,9}$/.test(text) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`Allowed: an integer from ${minimum} to ${maximum}.`);
  };
}

const units: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Parses a time of RFC 3339, which the API reads, or an age: 90s, 30m, 2h, 7d.
 * @returns RFC 3339.
 */
export function parseTime(text: string, now = Date.now()): string {
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) {
    return new Date(now - Number(amount) * (units[unit] ?? 0)).toISOString();
  }
  if (/^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError(
    'Allowed: an RFC 3339 time such as 2026-11-23T10:00:00Z, or an age: 90s, 30m, 2h, 7d.',
  );
}

/** The API's routes at the position of a job's id; an id has 26 characters or more. */
const reservedIds = ['stats', 'schedule', 'schedules'];

/** `<jobId>` */
export const jobIdArgument = (): Argument =>
  new Argument('<jobId>', 'id of the job, as submit and list print it').argParser((text) => {
    if (JobView.shape.jobId.safeParse(text).success && !reservedIds.includes(text)) return text;
    throw new InvalidArgumentError('Allowed: an id as submit and list print it.');
  });

/** Parses a schedule's id. */
export function parseScheduleId(text: string): string {
  if (ScheduleView.shape.scheduleId.safeParse(text).success) return text;
  throw new InvalidArgumentError('Allowed: an id as schedule list prints it.');
}

/** `<scheduleId>` */
export const scheduleIdArgument = (): Argument =>
  new Argument('<scheduleId>', 'id of the schedule, as schedule create and schedule list print it').argParser(
    parseScheduleId,
  );

/** Collects the values of `--label key=value`; the API checks keys and values. */
export function collectLabel(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError('Allowed: KEY=VALUE.');
  if (Object.hasOwn(before, key)) throw new InvalidArgumentError(`The label ${key} is given twice.`);
  return { ...before, [key]: value };
}

/** The options of a job, as the command line has them. */
export interface JobCommandOptions {
  input?: string;
  timeout?: number;
  maxAttempts?: number;
  label?: Record<string, string>;
  cpu?: string;
  memory?: string;
}

/** Adds the options of a job to a command that submits a job or makes a schedule of jobs. @param inputDefault the default of `--input`. */
export const withJobOptions = (command: Command, inputDefault: string): Command =>
  command
    .option(
      '-i, --input <json>',
      `input: a JSON object, @FILE, or - for standard input (default: ${inputDefault})`,
    )
    .addOption(
      new Option('--timeout <seconds>', 'time limit of one attempt: 1 to 21600').argParser(
        integerParser(1, 21_600),
      ),
    )
    .addOption(
      new Option('--max-attempts <attempts>', 'maximum number of attempts: 1 to 3').argParser(
        integerParser(1, 3),
      ),
    )
    .option(
      '-l, --label <key=value>',
      'label of the job; list can filter by it; may be repeated',
      collectLabel,
    )
    .option('--cpu <quantity>', 'CPU request of the container, such as 500m or 2')
    .option('--memory <quantity>', 'memory request and limit of the container, such as 512Mi');

/** Makes the fields of a request's body from the options of a job; options that are not given are left out. */
export async function jobFields(
  { input, timeout, maxAttempts, label, cpu, memory }: JobCommandOptions,
  { shell }: CommandSession,
): Promise<object> {
  const resources = { ...(cpu !== undefined && { cpu }), ...(memory !== undefined && { memory }) };
  return {
    ...(input !== undefined && { input: await readInput(input, shell.input) }),
    ...(timeout !== undefined && { timeoutSeconds: timeout }),
    ...(maxAttempts !== undefined && { maxAttempts }),
    ...(label && { labels: label }),
    ...(Object.keys(resources).length > 0 && { resources }),
  };
}

/** Options of every command that creates something. */
export interface PostOptions {
  idempotencyKey?: string;
}

/** `--idempotency-key` */
export const idempotencyKeyOption = (): Option =>
  new Option(
    '--idempotency-key <key>',
    "send the same key to make the request idempotent; by default only this call's own retries are",
  ).argParser((text) => {
    if (/^[\x21-\x7e]{1,255}$/.test(text)) return text;
    throw new InvalidArgumentError('Allowed: 1 to 255 visible ASCII characters.');
  });

/** Options of commands that can wait for the end of a job. */
export interface WaitOptions {
  wait?: boolean;
  waitSeconds: number;
}

/** The longest job waits in the queue three times for six hours, runs for six hours, and takes some minutes more. */
const maximumWaitSeconds = 172_800;

/** Adds `--wait` and `--wait-seconds` to a command. */
export const withWaitOptions = (command: Command): Command =>
  command
    .option('-w, --wait', 'wait until the job ends; the exit code is its outcome')
    .addOption(
      new Option('--wait-seconds <seconds>', 'with --wait: stop waiting after this time; the job continues')
        .default(maximumWaitSeconds, 'two days, longer than any job')
        .argParser(integerParser(1, maximumWaitSeconds)),
    );

/** Options of commands that print a list. */
export interface PageOptions {
  limit: number;
  all?: boolean;
  cursor?: string;
}

/** The most items that one command prints; `--cursor` continues after them. */
const maximumListLength = 10_000;

/** Adds `--limit`, `--all` and `--cursor` to a command. @param items what the list contains. */
export const withPageOptions = (command: Command, items: string): Command =>
  command
    .addOption(
      new Option(`--limit <${items}>`, `maximum number of ${items}: 1 to ${maximumListLength}`)
        .default(20)
        .argParser(integerParser(1, maximumListLength)),
    )
    .addOption(new Option('--all', `the same as --limit ${maximumListLength}`).conflicts('limit'))
    .option('--cursor <cursor>', 'continue where another list ended; use the same filters');

/** The number of items that the page options request. */
export const limitOf = ({ limit, all }: PageOptions): number => (all ? maximumListLength : limit);
