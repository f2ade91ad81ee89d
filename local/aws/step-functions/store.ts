import * as z from 'zod';
import type { Journal } from './journal.ts';

export const executionStatuses = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const;

const machine = z.object({
  arn: z.string(),
  name: z.string(),
  definition_hash: z.string(),
  role_arn: z.string(),
  revision_id: z.string(),
  created: z.number(),
  updated: z.number(),
});
export type MachineRecord = z.infer<typeof machine>;

const execution = z.object({
  number: z.number(),
  arn: z.string(),
  machine_arn: z.string(),
  name: z.string(),
  definition_hash: z.string(),
  role_arn: z.string(),
  status: z.enum(executionStatuses),
  input: z.string(),
  seed: z.string(),
  started: z.number(),
  stopped: z.number().nullable(),
  output: z.string().nullable(),
  error: z.string().nullable(),
  cause: z.string().nullable(),
  redrive_count: z.number(),
  redriven: z.number().nullable(),
});
export type ExecutionRecord = z.infer<typeof execution>;
export type RecordedStatus = ExecutionRecord['status'];

const entry = z.object({
  position: z.number(),
  branch: z.string().nullable(),
  event_id: z.number().nullable(),
  previous_id: z.number().nullable(),
  type: z.string(),
  time: z.number(),
  details: z.string().nullable(),
});
/** A line of an execution's journal; journal.ts explains its columns. */
export type JournalEntry = z.infer<typeof entry>;

/** Reads and writes the journal's rows as typed records; every SQL statement of the service is here. */
export class StepFunctionsStore {
  readonly journal: Journal;

  constructor(journal: Journal) {
    this.journal = journal;
  }

  saveDefinition(hash: string, text: string): void {
    this.journal.write('INSERT OR IGNORE INTO definition VALUES (?, ?)', [hash, text]);
  }

  definition(hash: string): string {
    const [row] = this.journal.read('SELECT text FROM definition WHERE hash = ?', [hash]);
    return z.object({ text: z.string() }).parse(row).text;
  }

  saveMachine(record: MachineRecord): void {
    const { arn, name, definition_hash, role_arn, revision_id, created, updated } = record;
    const values = [arn, name, definition_hash, role_arn, revision_id, created, updated];
    this.journal.write('INSERT OR REPLACE INTO machine VALUES (?, ?, ?, ?, ?, ?, ?)', values);
  }

  machine(arn: string): MachineRecord | undefined {
    return this.journal
      .read('SELECT * FROM machine WHERE arn = ?', [arn])
      .map((row) => machine.parse(row))[0];
  }

  machines(after: string, limit: number): MachineRecord[] {
    const sql = 'SELECT * FROM machine WHERE arn > ? ORDER BY arn LIMIT ?';
    return this.journal.read(sql, [after, limit]).map((row) => machine.parse(row));
  }

  deleteMachine(arn: string): void {
    this.journal.write('DELETE FROM machine WHERE arn = ?', [arn]);
  }

  /** Reads the number of the newest execution, 0 without one. */
  lastExecutionNumber(): number {
    const [row] = this.journal.read('SELECT coalesce(max(number), 0) AS number FROM execution', []);
    return z.object({ number: z.number() }).parse(row).number;
  }

  addExecution(record: ExecutionRecord): void {
    const { number, arn, machine_arn, name, definition_hash, role_arn, status, input, seed, started } =
      record;
    this.journal.write(
      `INSERT INTO execution (number, arn, machine_arn, name, definition_hash, role_arn, status, input, seed, started)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [number, arn, machine_arn, name, definition_hash, role_arn, status, input, seed, started],
    );
  }

  /** Stores the state of an execution after it ended or was redriven. */
  updateExecution(record: ExecutionRecord, onStored?: () => void): void {
    const { number, status, stopped, output, error, cause, redrive_count, redriven } = record;
    this.journal.write(
      `UPDATE execution SET status = ?, stopped = ?, output = ?, error = ?, cause = ?, redrive_count = ?, redriven = ?
       WHERE number = ?`,
      [status, stopped, output, error, cause, redrive_count, redriven, number],
      onStored,
    );
  }

  execution(arn: string): ExecutionRecord | undefined {
    return this.#executions('WHERE arn = ?', [arn])[0];
  }

  runningExecutions(): ExecutionRecord[] {
    return this.#executions("WHERE status = 'RUNNING' ORDER BY number", []);
  }

  /** Reads executions of a machine before the number `before`, the newest first. */
  executionsOf(arn: string, status: string | undefined, before: number, limit: number): ExecutionRecord[] {
    return status === undefined
      ? this.#executions('WHERE machine_arn = ? AND number < ? ORDER BY number DESC LIMIT ?', [
          arn,
          before,
          limit,
        ])
      : this.#executions('WHERE machine_arn = ? AND status = ? AND number < ? ORDER BY number DESC LIMIT ?', [
          arn,
          status,
          before,
          limit,
        ]);
  }

  #executions(clause: string, values: (string | number)[]): ExecutionRecord[] {
    return this.journal.read(`SELECT * FROM execution ${clause}`, values).map((row) => execution.parse(row));
  }

  /**
   * Deletes the execution that ended first, with its history, if that was before a time.
   * @returns whether one was deleted.
   */
  deleteOldest(endedBefore: number): boolean {
    const sql = 'SELECT number FROM execution WHERE stopped < ? ORDER BY stopped LIMIT 1';
    const [row] = this.journal.read(sql, [endedBefore]);
    if (row === undefined) return false;
    const { number } = z.object({ number: z.number() }).parse(row);
    this.journal.write('DELETE FROM entry WHERE execution = ?', [number]);
    this.journal.write('DELETE FROM execution WHERE number = ?', [number]);
    return true;
  }

  /** Deletes the definitions that neither a machine nor an execution uses any more. */
  deleteUnusedDefinitions(): void {
    const used = 'SELECT definition_hash FROM machine UNION SELECT definition_hash FROM execution';
    this.journal.write(`DELETE FROM definition WHERE hash NOT IN (${used})`, []);
  }

  addEntry(executionNumber: number, line: JournalEntry): void {
    const { position, branch, event_id, previous_id, type, time, details } = line;
    this.journal.write(
      `INSERT INTO entry (execution, position, branch, event_id, previous_id, type, time, details)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      [executionNumber, position, branch, event_id, previous_id, type, time, details],
    );
  }

  /** Reads the entries to replay, in order. */
  replayableEntries(executionNumber: number): JournalEntry[] {
    const sql = `SELECT * FROM entry WHERE execution = ? AND branch IS NOT NULL AND superseded = 0 ORDER BY position`;
    return this.journal.read(sql, [executionNumber]).map((row) => entry.parse(row));
  }

  /** Reads the highest position and event id used so far. */
  lastIds(executionNumber: number): { position: number; event: number } {
    const sql = `SELECT coalesce(max(position), 0) AS position, coalesce(max(event_id), 0) AS event
                 FROM entry WHERE execution = ?`;
    return z
      .object({ position: z.number(), event: z.number() })
      .parse(this.journal.read(sql, [executionNumber])[0]);
  }

  /** Reads a page of the history: events after a position, or before it in reverse order. */
  history(executionNumber: number, position: number, limit: number, reverse: boolean): JournalEntry[] {
    const direction = reverse ? 'position < ? ORDER BY position DESC' : 'position > ? ORDER BY position';
    const sql = `SELECT * FROM entry WHERE execution = ? AND event_id IS NOT NULL AND ${direction} LIMIT ?`;
    return this.journal.read(sql, [executionNumber, position, limit]).map((row) => entry.parse(row));
  }

  /** Marks an entry as undone by a redrive. */
  supersede(executionNumber: number, position: number): void {
    const sql = 'UPDATE entry SET superseded = 1 WHERE execution = ? AND position = ?';
    this.journal.write(sql, [executionNumber, position]);
  }
}
