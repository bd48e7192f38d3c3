/**
 * The rows of a large page that are new here, which in a first load are nearly all, by the driver's fastest way. What it
 * leaves goes the ordinary way, and so does anything of which something is known here: a waiting edit, a deletion.
 */
import type { Cells } from '../../base/cells.ts';
import type { Value } from '../../base/value.ts';
import type { RowPage } from '../../protocol/messages.ts';
import { isPacked } from '../../protocol/packed-pages.ts';
import type { WriteSql } from './database.ts';

/**
 * Triggers are switched off for it, after which SQLite compiles every statement anew: for fewer rows that costs more than
 * it saves. More than a push brings to other devices at once.
 */
const worthIt = 2_000;

export interface PageOfRows {
  readonly page: RowPage;
  /** What the table's columns get; of deleted rows, anything. Asked for once, and only where it is needed. */
  readonly columns: () => readonly NamedCells[];
  /** Whether a row has to go the ordinary way. */
  readonly isKnown: (row: number) => boolean;
}

export interface NamedCells {
  readonly name: string;
  readonly cells: Cells;
}

/** Gives the rows that are left to be stored. */
export function insertNewRows(sql: WriteSql, { page, columns, isKnown }: PageOfRows): readonly number[] {
  const { table, seqs } = page;
  const all = seqs.map((_, row) => row);
  if (all.length < worthIt) return all;
  const { ids, seqs: sequences } = isPacked(page) ? page.cells : { ids: asCells(page.ids), seqs: asCells(seqs) };
  const known = new Set(all.filter(isKnown));
  const given = columns();
  const left = sql.insertNew({
    table,
    columns: ['id', '_seq', ...given.map(({ name }) => name)],
    cells: [ids, sequences, ...given.map(({ cells }) => cells)],
    rows: known.size === 0 ? all : all.filter((row) => !known.has(row)),
  });
  return [...known, ...left];
}

export function asCells(values: readonly Value[]): Cells {
  return { kind: 'values', values };
}
