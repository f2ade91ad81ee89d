import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import * as z from 'zod';
import { PutScheduleRequest, type Target } from './requests.ts';

const schema = `
  CREATE TABLE IF NOT EXISTS schedule_group (
    arn TEXT PRIMARY KEY, name TEXT NOT NULL, token TEXT, created REAL NOT NULL, modified REAL NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS schedule (
    arn TEXT PRIMARY KEY, spec TEXT NOT NULL, token TEXT, created REAL NOT NULL, modified REAL NOT NULL, next REAL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS schedule_next ON schedule (next) WHERE next IS NOT NULL;
  CREATE TABLE IF NOT EXISTS invocation (
    id INTEGER PRIMARY KEY, schedule_arn TEXT NOT NULL, target TEXT NOT NULL, scheduled REAL NOT NULL, due REAL NOT NULL,
    attempt INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS invocation_due ON invocation (due);
  CREATE INDEX IF NOT EXISTS invocation_of ON invocation (schedule_arn);
`;

const json = <Shape extends z.ZodType>(shape: Shape) =>
  z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(shape);

const Schedule = z.object({
  arn: z.string(),
  spec: json(PutScheduleRequest.omit({ ClientToken: true })),
  token: z.string().nullable(),
  created: z.number(),
  modified: z.number(),
  /** The next firing, epoch milliseconds; null when it never fires again, or is disabled. */
  next: z.number().nullable(),
});
export type Schedule = z.infer<typeof Schedule>;

const ScheduleGroup = z.object({
  arn: z.string(),
  name: z.string(),
  token: z.string().nullable(),
  created: z.number(),
  modified: z.number(),
});
export type ScheduleGroup = z.infer<typeof ScheduleGroup>;

const PendingInvocation = z.object({
  id: z.number(),
  schedule_arn: z.string(),
  target: json(PutScheduleRequest.shape.Target),
  scheduled: z.number(),
  due: z.number(),
  attempt: z.number(),
});
/** A firing that was not delivered to its target yet. */
export type PendingInvocation = z.infer<typeof PendingInvocation>;

/**
 * Keeps schedules, and firings that were not delivered yet, in one SQLite file. Each change is stored before its
 * response is sent.
 */
export class SchedulerStore {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    // NORMAL survives the end of the process, which is what happens on one machine.
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    this.#database.exec(schema);
  }

  close(): void {
    this.#database.close();
  }

  /** Stores all writes of `work` in one transaction. */
  inTransaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  saveGroup({ arn, name, token, created, modified }: ScheduleGroup): void {
    this.#run(
      'INSERT OR REPLACE INTO schedule_group VALUES (?, ?, ?, ?, ?)',
      arn,
      name,
      token,
      created,
      modified,
    );
  }

  group(arn: string): ScheduleGroup | undefined {
    return this.#all('SELECT * FROM schedule_group WHERE arn = ?', arn).map((row) =>
      ScheduleGroup.parse(row),
    )[0];
  }

  /** Reads groups by name, those after the ARN `after`. */
  groups(after: string, prefix: string, limit: number): ScheduleGroup[] {
    const sql = 'SELECT * FROM schedule_group WHERE arn > ? AND substr(name, 1, ?) = ? ORDER BY arn LIMIT ?';
    return this.#all(sql, after, prefix.length, prefix, limit).map((row) => ScheduleGroup.parse(row));
  }

  /** Deletes a group with all its schedules and their firings. */
  deleteGroup(arn: string): void {
    const schedules = `${arn.replace(':schedule-group/', ':schedule/')}/`;
    this.inTransaction(() => {
      this.#run('DELETE FROM invocation WHERE substr(schedule_arn, 1, ?) = ?', schedules.length, schedules);
      this.#run('DELETE FROM schedule WHERE substr(arn, 1, ?) = ?', schedules.length, schedules);
      this.#run('DELETE FROM schedule_group WHERE arn = ?', arn);
    });
  }

  saveSchedule({ arn, spec, token, created, modified, next }: Schedule): void {
    const sql = 'INSERT OR REPLACE INTO schedule VALUES (?, ?, ?, ?, ?, ?)';
    this.#run(sql, arn, JSON.stringify(spec), token, created, modified, next);
  }

  schedule(arn: string): Schedule | undefined {
    return this.#all('SELECT * FROM schedule WHERE arn = ?', arn).map((row) => Schedule.parse(row))[0];
  }

  /** Reads schedules by group and name, those after the ARN `after` whose ARN has the prefix. */
  schedules(after: string, arnPrefix: string, limit: number): Schedule[] {
    const sql = 'SELECT * FROM schedule WHERE arn > ? AND substr(arn, 1, ?) = ? ORDER BY arn LIMIT ?';
    return this.#all(sql, after, arnPrefix.length, arnPrefix, limit).map((row) => Schedule.parse(row));
  }

  deleteSchedule(arn: string): void {
    this.inTransaction(() => {
      this.#run('DELETE FROM invocation WHERE schedule_arn = ?', arn);
      this.#run('DELETE FROM schedule WHERE arn = ?', arn);
    });
  }

  dueSchedules(now: number, limit: number): Schedule[] {
    const sql = 'SELECT * FROM schedule WHERE next <= ? ORDER BY next LIMIT ?';
    return this.#all(sql, now, limit).map((row) => Schedule.parse(row));
  }

  /** Adds a firing; it is delivered at `due`. */
  addInvocation(arn: string, target: Target, scheduled: number, due: number): void {
    const sql =
      'INSERT INTO invocation (schedule_arn, target, scheduled, due, attempt) VALUES (?, ?, ?, ?, 1)';
    this.#run(sql, arn, JSON.stringify(target), scheduled, due);
  }

  dueInvocations(now: number, limit: number): PendingInvocation[] {
    const sql = 'SELECT * FROM invocation WHERE due <= ? ORDER BY due, id LIMIT ?';
    return this.#all(sql, now, limit).map((row) => PendingInvocation.parse(row));
  }

  hasInvocations(arn: string): boolean {
    return this.#all('SELECT 1 FROM invocation WHERE schedule_arn = ? LIMIT 1', arn).length > 0;
  }

  /** Stores that a delivery is tried again at `due`. */
  postpone(id: number, due: number, attempt: number): void {
    this.#run('UPDATE invocation SET due = ?, attempt = ? WHERE id = ?', due, attempt, id);
  }

  removeInvocation(id: number): void {
    this.#run('DELETE FROM invocation WHERE id = ?', id);
  }

  /** Reads when the next firing or delivery is due, epoch milliseconds. */
  nextDue(): number | undefined {
    const sql =
      'SELECT min(at) AS at FROM (SELECT min(next) AS at FROM schedule UNION ALL SELECT min(due) FROM invocation)';
    return z.object({ at: z.number().nullable() }).parse(this.#all(sql)[0]).at ?? undefined;
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#database.prepare(sql).run(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]): unknown[] {
    return this.#database.prepare(sql).all(...values);
  }
}
