import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';

/**
 * The journal's tables. A definition is stored once however many executions run it, and outlives the machine's next
 * update, because a running execution keeps the definition it started with.
 * An entry with an event_id is a history event; one without is another decision that must not be made twice.
 * An entry with a branch of null belongs to the execution as a whole; a superseded one was undone by a redrive.
 * Both are history, but are not replayed.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS definition (hash TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS machine (
    arn TEXT PRIMARY KEY, name TEXT NOT NULL, definition_hash TEXT NOT NULL, role_arn TEXT NOT NULL,
    revision_id TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS execution (
    number INTEGER PRIMARY KEY, arn TEXT NOT NULL UNIQUE, machine_arn TEXT NOT NULL, name TEXT NOT NULL,
    definition_hash TEXT NOT NULL, role_arn TEXT NOT NULL, status TEXT NOT NULL, input TEXT NOT NULL, seed TEXT NOT NULL,
    started REAL NOT NULL, stopped REAL, output TEXT, error TEXT, cause TEXT,
    redrive_count INTEGER NOT NULL DEFAULT 0, redriven REAL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS execution_of_machine ON execution (machine_arn, number);
  CREATE INDEX IF NOT EXISTS execution_by_status ON execution (machine_arn, status, number);
  CREATE INDEX IF NOT EXISTS execution_running ON execution (number) WHERE status = 'RUNNING';
  CREATE INDEX IF NOT EXISTS execution_ended ON execution (stopped) WHERE stopped IS NOT NULL;
  CREATE TABLE IF NOT EXISTS entry (
    execution INTEGER NOT NULL, position INTEGER NOT NULL, branch TEXT, event_id INTEGER, previous_id INTEGER,
    type TEXT NOT NULL, time REAL NOT NULL, details TEXT, superseded INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (execution, position)
  ) STRICT, WITHOUT ROWID;
`;

/** A row that was read. */
export type Row = Record<string, SQLOutputValue>;

/**
 * The one file (or memory) behind the service. Writes are queued and go to SQLite in one transaction when something
 * depends on them, at the latest in the next turn of the event loop. A kill loses the end of the queue, never its
 * middle: what is on disk is always a prefix of what happened.
 */
export class Journal {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #queue: { sql: string; values: SQLInputValue[] }[] = [];
  #scheduled: NodeJS.Immediate | undefined;
  /** Callbacks of the queued writes, called after their transaction. */
  #onStored: (() => void)[] = [];

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    // NORMAL survives the end of the process, which is what happens on one machine; a power cut may lose the last
    // moments.
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    this.#database.exec(schema);
  }

  /** Queues a write; `onStored` is called once it is stored. */
  write(sql: string, values: SQLInputValue[], onStored?: () => void): void {
    this.#queue.push({ sql, values });
    if (onStored !== undefined) this.#onStored.push(onStored);
    this.#scheduled ??= setImmediate(() => {
      this.flush();
    });
  }

  /** Stores everything that is queued, now. */
  flush(): void {
    if (this.#queue.length === 0) return;
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const [queue, callbacks] = [this.#queue, this.#onStored];
    [this.#queue, this.#onStored] = [[], []];
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const { sql, values } of queue) this.#prepare(sql).run(...values);
      this.#database.exec('COMMIT');
    } catch (error) {
      // What cannot be stored has not happened: the service must end here and resume from what is stored.
      this.#database.exec('ROLLBACK');
      throw error;
    }
    for (const callback of callbacks) callback();
  }

  /** Reads rows, after storing every queued write. */
  read(sql: string, values: SQLInputValue[]): Row[] {
    this.flush();
    return this.#prepare(sql).all(...values);
  }

  close(): void {
    this.flush();
    this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
