/**
 * The journal's tables. A definition is stored once however many executions run it, and outlives the machine's next
 * update, because a running execution keeps the definition it started with.
 * An entry with an event_id is a history event; one without is something else that must not be decided twice.
 * An entry with a branch of null belongs to the execution as a whole; one that is superseded was undone by a redrive:
 * both are history, but are not replayed.
 */
export const SCHEMA = `
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
