/** Conflicts with what they are about, as SQL made from the declaration: one branch a table and column. */
import type { Table } from '../../schema/column.ts';
import { columnsOf, tables, type TableName } from '../../schema/tables.ts';

/** What a person knows a row of a table by. */
const subjects: Readonly<Record<Exclude<TableName, 'conflict'>, string>> = {
  profile: 'display_name',
  setting: 'key',
  conversation: 'title',
  message: 'body',
  learning_progress: 'skill',
  study_event: 'kind',
  vocabulary_item: 'word',
  review: 'rating',
  document: 'title',
};

/** One parameter: how many. */
export const conflictsSql = `SELECT c.id, ${columnsOf('conflict')
  .map((column) => `c.${column}`)
  .join(', ')},
CASE c.table_name ${perTable((name) => `EXISTS (SELECT 1 FROM ${name} WHERE id = c.row_id)`)} ELSE 0 END AS present,
CASE c.table_name ${perTable(currentValue)} END AS current_value,
CASE c.table_name ${perTable((name) => `(SELECT CAST(${subjects[name]} AS TEXT) FROM ${name} WHERE id = c.row_id)`)} END AS subject
FROM conflict c ORDER BY c.state = 'open' DESC, c.decided_at DESC, c.id DESC LIMIT ?`;

function perTable(branch: (name: keyof typeof subjects) => string): string {
  const names = Object.keys(subjects) as (keyof typeof subjects)[];
  return names.map((name) => `WHEN '${name}' THEN ${branch(name)}`).join('\n  ');
}

/** Rows that are never edited have no column to decide about. */
function currentValue(name: keyof typeof subjects): string {
  const table: Table = tables[name];
  if (table.appendOnly) return 'NULL';
  const columns = columnsOf(name).map((column) => `WHEN '${column}' THEN json_quote(${column})`);
  return `(SELECT CASE c.column_name ${columns.join(' ')} END FROM ${name} WHERE id = c.row_id)`;
}
