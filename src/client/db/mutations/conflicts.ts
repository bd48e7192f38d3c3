/**
 * Decisions of the person about conflicts. A decision is an ordinary local write to the row and to its conflict, so it
 * syncs like any other. What the decision replaces stays at hand: a value is among those that the conflict keeps or given
 * back by the caller's undo, a row that is deleted after all goes into `kept_value` whole.
 */
import { ok, type Result } from '../../../base/result.ts';
import type { Value } from '../../../base/value.ts';
import type { Values } from '../../../schema/column.ts';
import { columnsOf, tableOf, type Row, type TableName } from '../../../schema/tables.ts';
import type { DatabaseFailure, Mutations } from '../api.ts';
import type { ReadSql, WriteSql } from '../database.ts';
import { bringBack, type RowPlace } from './bring-back.ts';
import { done, invalid, misfit, wholeRow, type Mutation, type Outcome } from './mutation.ts';

type Conflict = Row<'conflict'>;
type Resolution = Mutations['conflicts.resolve'];
/** What `kept_value` is from now on. */
type Decided = Result<string, DatabaseFailure>;

export const resolveConflict: Mutation<'conflicts.resolve'> = ({ sql }, resolution) => {
  const { id, at } = resolution;
  const conflict = readConflict(sql, id);
  if (!conflict) return invalid('conflict.id names no conflict that is here');
  if (conflict.state === 'resolved') return done;
  const wrong = misfit('conflict', { decided_at: at });
  if (wrong) return wrong;
  const place = placeOf(conflict);
  if (!place.ok) return place;
  const decide = conflict.column_name === '' ? decideRow : decideColumn;
  const decided = decide(sql, { conflict, place: place.value, resolution });
  if (!decided.ok) return decided;
  sql.run(`UPDATE conflict SET state = 'resolved', kept_value = ?, decided_at = ? WHERE id = ?`, [
    decided.value,
    at,
    id,
  ]);
  return done;
};

export const reopenConflict: Mutation<'conflicts.reopen'> = ({ sql }, { id, value }) => {
  const conflict = readConflict(sql, id);
  if (!conflict) return invalid('conflict.id names no conflict that is here');
  if (conflict.state !== 'resolved') return done;
  const place = placeOf(conflict);
  if (!place.ok) return place;
  const undone =
    conflict.column_name === '' ? undoRow(sql, conflict, place.value) : undoColumn(sql, place.value, value);
  if (!undone.ok) return undone;
  const state = conflict.strategy === 'manual_review' ? 'open' : 'decided';
  sql.run('UPDATE conflict SET state = ? WHERE id = ?', [state, id]);
  return done;
};

interface Case {
  readonly conflict: Conflict;
  readonly place: Place;
  readonly resolution: Resolution;
}

/** A deletion that lost against edits: the row stays, or it is deleted after all. */
function decideRow(sql: WriteSql, { conflict, place, resolution }: Case): Decided {
  const row = readRow(sql, place);
  switch (resolution.choice) {
    case 'kept': {
      const back = row ? done : bringBack(sql, { ...place, values: rowValues(place.table, conflict.kept_value) });
      return back.ok ? ok(conflict.kept_value) : back;
    }
    case 'lost':
      if (!row) return ok(conflict.kept_value);
      if (place.table === 'conversation') sql.run('DELETE FROM message WHERE conversation_id = ?', [place.id]);
      sql.run(`DELETE FROM ${place.table} WHERE id = ?`, [place.id]);
      return ok(JSON.stringify(row));
    case 'edited':
      return invalid('a whole row is kept or deleted');
  }
}

function decideColumn(sql: WriteSql, { conflict, place, resolution }: Case): Decided {
  const { table, id, column } = place;
  const value = chosenValue(conflict, resolution);
  if (value === undefined) return invalid('an edited value is missing');
  // Nothing stands because the row is deleted: it stays so.
  if (value === null && resolution.choice !== 'lost' && !tableOf(table)?.columns[column]?.nullable) {
    return ok(conflict.kept_value);
  }
  const wrong = misfit(table, { [column]: value });
  if (wrong) return wrong;
  if (tableOf(table)?.appendOnly) return invalid('such rows are never edited');
  const written = readRow(sql, place)
    ? write(sql, place, value)
    : bringBack(sql, { table, id, values: { [column]: value } });
  return written.ok ? ok(conflict.kept_value) : written;
}

function chosenValue({ kept_value, lost_value }: Conflict, { choice, value }: Resolution): Value | undefined {
  if (choice === 'edited') return value;
  return parsedValue(choice === 'kept' ? kept_value : lost_value);
}

function undoRow(sql: WriteSql, conflict: Conflict, place: Place): Outcome {
  if (readRow(sql, place)) return done;
  const whole = wholeRow(place.table, { ...rowValues(place.table, conflict.kept_value), id: place.id });
  return whole.ok ? bringBack(sql, { ...place, values: whole.value }) : done;
}

/** Without a value the row stays as it is; null deletes a row that the decision had brought back. */
function undoColumn(sql: WriteSql, place: Place, value: Value | undefined): Outcome {
  if (value === undefined || !readRow(sql, place)) return done;
  const column = tableOf(place.table)?.columns[place.column];
  if (value === null && !column?.nullable) {
    sql.run(`DELETE FROM ${place.table} WHERE id = ?`, [place.id]);
    return done;
  }
  return misfit(place.table, { [place.column]: value }) ?? write(sql, place, value);
}

function write(sql: WriteSql, { table, id, column }: Place, value: Value): Outcome {
  sql.run(`UPDATE ${table} SET ${column} = ? WHERE id = ?`, [value, id]);
  return done;
}

interface Place extends RowPlace {
  /** '' for the whole row. */
  readonly column: string;
}

/** The names come from a row that another version may have made: only ours go into SQL. */
function placeOf({ table_name, row_id, column_name }: Conflict): Result<Place, DatabaseFailure> {
  const table = tableOf(table_name);
  const known = table && (column_name === '' || Object.hasOwn(table.columns, column_name));
  if (!known) return invalid('the conflict is about something that this version does not know');
  return ok({ table: table_name as TableName, id: row_id, column: column_name });
}

function readConflict(sql: ReadSql, id: string): Conflict | undefined {
  const [row] = sql.all(`SELECT id, ${columnsOf('conflict').join(', ')} FROM conflict WHERE id = ?`, [id]);
  return row as Conflict | undefined;
}

function readRow(sql: ReadSql, { table, id }: RowPlace): Values | undefined {
  return sql.all(`SELECT id, ${columnsOf(table).join(', ')} FROM ${table} WHERE id = ?`, [id])[0];
}

function parsedValue(json: string): Value | undefined {
  const value = parsed(json);
  return value === null || typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

/** The values of a row that its table has columns for. */
function rowValues(table: TableName, json: string): Values {
  const row = parsed(json);
  if (typeof row !== 'object' || row === null) return {};
  const entries = Object.entries(row as Values);
  return Object.fromEntries(entries.filter(([name]) => columnsOf(table).includes(name)));
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
