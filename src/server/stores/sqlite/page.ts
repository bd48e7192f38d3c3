/** Gathers pulled rows into column-wise pages, one a table. */
import type { Value } from '../../../base/value.ts';
import type { RowPage, Sequence } from '../../../protocol/messages.ts';
import { columnsOf, syncOrder, tableOf, type TableName } from '../../../schema/tables.ts';

export interface PulledRow {
  readonly table: string;
  readonly id: string;
  readonly seq: Sequence;
  readonly deleted: boolean;
  /** JSON of the values. */
  readonly data: string;
}

interface Draft {
  readonly columns: readonly string[];
  /** What a row has that was written before the column was declared. */
  readonly defaults: readonly Value[];
  readonly ids: string[];
  readonly seqs: Sequence[];
  readonly deleted: number[];
  readonly values: Value[][];
}

export interface PageBuilder {
  add(row: PulledRow): void;
  /** In sync order, so that a device stores what others refer to first. */
  build(): RowPage[];
}

export function createPageBuilder(): PageBuilder {
  const drafts = new Map<string, Draft>();
  return {
    add(row) {
      let draft = drafts.get(row.table);
      if (!draft) {
        draft = newDraft(row.table as TableName);
        drafts.set(row.table, draft);
      }
      addRow(draft, row);
    },
    build: () =>
      syncOrder.flatMap((table) => {
        const draft = drafts.get(table);
        return draft ? [toPage(table, draft)] : [];
      }),
  };
}

function newDraft(table: TableName): Draft {
  const columns = columnsOf(table);
  return {
    columns,
    defaults: columns.map((name) => tableOf(table)?.columns[name]?.default ?? null),
    ids: [],
    seqs: [],
    deleted: [],
    values: columns.map(() => []),
  };
}

function addRow(draft: Draft, row: PulledRow): void {
  draft.ids.push(row.id);
  draft.seqs.push(row.seq);
  if (row.deleted) {
    draft.deleted.push(draft.ids.length - 1);
    for (const column of draft.values) column.push(null);
    return;
  }
  const values = JSON.parse(row.data) as Record<string, Value | undefined>;
  draft.columns.forEach((name, index) => {
    const value = values[name];
    draft.values[index]!.push(value === undefined ? draft.defaults[index]! : value);
  });
}

function toPage(table: string, { ids, seqs, deleted, columns, values }: Draft): RowPage {
  return { table, ids, seqs, deleted, columns, values };
}
