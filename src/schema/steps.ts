/**
 * The steps of client files, oldest first: `steps[0]` brings version 1 to version 2. A step that was released is never
 * edited, files have gone through it already; the last one grows until it is released (CONTRIBUTING.md,
 * "Adding a column or a table").
 */
import type { MigrationStep } from './schema.ts';

/** The newest version that was released: its declaration and its step are what they are. A newer one may still grow. */
export const releasedSchema = 1;

export const steps: readonly MigrationStep[] = [
  // 1 to 2. Files of version 1 were made with three sets of indexes and triggers: all of them get the declared one.
  // The history of the device and of the server (sync/writers.ts, client/db/reload.ts), and rows that were set aside.
  {
    statements: [
      'ALTER TABLE sync_state ADD COLUMN known INTEGER NOT NULL DEFAULT 0',
      `ALTER TABLE sync_state ADD COLUMN epoch TEXT NOT NULL DEFAULT ''`,
      'ALTER TABLE sync_state ADD COLUMN loads INTEGER NOT NULL DEFAULT 0',
      'ALTER TABLE sync_state ADD COLUMN writers TEXT',
      'ALTER TABLE sync_state ADD COLUMN reload TEXT',
      'ALTER TABLE sync_state ADD COLUMN notice TEXT',
      'ALTER TABLE sync_state ADD COLUMN refill INTEGER',
      'UPDATE sync_state SET known = cursor',
      'ALTER TABLE sync_run ADD COLUMN reload TEXT',
      `CREATE TABLE unconfirmed_row (
  tbl TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (tbl, id)
) STRICT, WITHOUT ROWID`,
      `CREATE TABLE held_row (
  tbl TEXT NOT NULL,
  id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  row TEXT,
  error TEXT NOT NULL,
  PRIMARY KEY (tbl, id)
) STRICT, WITHOUT ROWID`,
      `CREATE TABLE unfilled_value (
  tbl TEXT NOT NULL,
  id TEXT NOT NULL,
  col TEXT NOT NULL,
  PRIMARY KEY (tbl, id, col)
) STRICT, WITHOUT ROWID`,
      `CREATE TABLE answered_edit (
  tbl TEXT NOT NULL,
  id TEXT NOT NULL,
  col TEXT NOT NULL,
  op TEXT NOT NULL,
  stamp INTEGER NOT NULL,
  base_seq INTEGER NOT NULL,
  base ANY,
  PRIMARY KEY (tbl, id, col)
) STRICT, WITHOUT ROWID`,
    ],
  },
];
