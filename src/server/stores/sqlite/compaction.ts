/** One step of the compaction of one account, inside an open transaction. What goes, `exchange/compaction.ts` decides. */
import type Database from 'better-sqlite3';
import type { Sequence } from '../../../protocol/messages.ts';
import { epochsWith, isInEpoch } from '../../exchange/admission.ts';
import {
  afterStep,
  burials,
  countedSince,
  dueSince,
  forgettable,
  nothingDue,
  stepRows,
  type Compacted,
  type CompactionStep,
  type DecidedConflict,
  type Visited,
} from '../../exchange/compaction.ts';

export function createCompaction(database: Database.Database, epoch: string): (step: CompactionStep) => Compacted {
  const statements = prepare(database);

  return (step) => {
    const due = statements.due.get(countedSince(step), dueSince(step));
    if (!due) return nothingDue;
    const { key, epochs, ...visited } = due;
    const found = statements.decided.all(key);
    const buried = burials(found, visited.head, step);
    for (const { id, seq, meta } of buried) statements.bury.run(seq, meta, key, id);
    if (buried.length > 0 && !isInEpoch(epochs, epoch)) {
      statements.putEpoch.run(key, visited.head + 1, epoch);
      statements.putEpochs.run(epochsWith(epochs, epoch), key);
    }
    const forgotten = statements.forget.all(key, forgettable(visited), key);
    const after = afterStep({ visited, found: found.length, buried: buried.length, forgotten });
    statements.move.run(after.head, after.horizon, key);
    if (after.ends) statements.note.run(after.head, step.now, key);
    return { more: true, conflicts: buried.length, tombstones: forgotten.length };
  };
}

interface Due extends Visited {
  readonly key: number;
  readonly epochs: string;
}

/** Null where the row is damaged: an error would keep this account, and all after it, from being compacted for ever. */
const ofConflict = (column: string): string => `CASE WHEN json_valid(data) THEN data ->> '${column}' END`;

function prepare(database: Database.Database) {
  return {
    due: database.prepare<[number, number], Due>(
      `SELECT key, head, horizon, epochs, noted,
         (SELECT min(cursor) FROM device WHERE user = key AND retired_at IS NULL AND last_seen >= ?) AS cursor
       FROM account WHERE gone = 0 AND noted_at <= ? ORDER BY noted_at LIMIT 1`,
    ),
    decided: database.prepare<[number], DecidedConflict>(
      `SELECT id, meta FROM row WHERE user = ? AND tbl = 'conflict' AND deleted = 0
         AND ${ofConflict('state')} IN ('decided', 'resolved') ORDER BY id LIMIT ${stepRows}`,
    ),
    bury: database.prepare<[Sequence, string, number, string]>(
      `UPDATE row SET seq = ?, deleted = 1, meta = ? WHERE user = ? AND tbl = 'conflict' AND id = ?`,
    ),
    forget: database
      .prepare<[number, Sequence, number], Sequence>(
        `DELETE FROM row WHERE key IN (
           SELECT key FROM row WHERE user = ? AND deleted = 1 AND seq <= ? AND (tbl, id) NOT IN (
             SELECT ${ofConflict('table_name')}, ${ofConflict('row_id')} FROM row
             WHERE user = ? AND tbl = 'conflict' AND deleted = 0
               AND ${ofConflict('table_name')} IS NOT NULL AND ${ofConflict('row_id')} IS NOT NULL
           ) ORDER BY seq LIMIT ${stepRows}
         ) RETURNING seq`,
      )
      .pluck(),
    putEpoch: database.prepare<[number, Sequence, string]>('INSERT INTO epoch (user, first, id) VALUES (?, ?, ?)'),
    putEpochs: database.prepare<[string, number]>('UPDATE account SET epochs = ? WHERE key = ?'),
    move: database.prepare<[Sequence, Sequence, number]>('UPDATE account SET head = ?, horizon = ? WHERE key = ?'),
    note: database.prepare<[Sequence, number, number]>('UPDATE account SET noted = ?, noted_at = ? WHERE key = ?'),
  };
}
