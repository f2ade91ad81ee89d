import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { SCHEMA } from './journal-schema.ts';

/** A row to write, or a value of a row read. */
export type Row = Record<string, SQLOutputValue>;

/**
 * The one file (or memory) behind the service: writes are queued and go to SQLite in one transaction when something
 * depends on them, at the latest when the event loop comes round. A kill loses the end of the queue, never its middle:
 * what is on disk is always a prefix of what happened.
 */
export class Journal {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #queue: { sql: string; values: SQLInputValue[] }[] = [];
  #scheduled: NodeJS.Immediate | undefined;
  /** Called after each transaction with what waited for it. */
  #afterwards: (() => void)[] = [];

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    // NORMAL survives the end of the process, which is what happens on one machine; a power cut may cost the last moments.
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    this.#database.exec(SCHEMA);
  }

  /** Queues a write; `afterwards` is called once it is stored. */
  write(sql: string, values: SQLInputValue[], afterwards?: () => void): void {
    this.#queue.push({ sql, values });
    if (afterwards !== undefined) this.#afterwards.push(afterwards);
    this.#scheduled ??= setImmediate(() => {
      this.flush();
    });
  }

  /** Stores everything queued, now. */
  flush(): void {
    if (this.#queue.length === 0) return;
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const [queue, afterwards] = [this.#queue, this.#afterwards];
    [this.#queue, this.#afterwards] = [[], []];
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const { sql, values } of queue) this.#prepare(sql).run(...values);
      this.#database.exec('COMMIT');
    } catch (error) {
      // What cannot be stored has not happened: the service must end here, and goes on from what is stored.
      this.#database.exec('ROLLBACK');
      throw error;
    }
    for (const call of afterwards) call();
  }

  /** Reads rows, seeing everything written before. */
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
