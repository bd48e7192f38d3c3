/**
 * Pulled rows as bytes (docs/spec/protocol.md, "Packed rows"; why: docs/decisions/0070-packed-pages.md). They reach the
 * database without ever being objects; whoever needs them so reads a page like any other.
 *
 * Four bytes (little-endian) for the length of a JSON head, the head, and the bytes of the columns in its order.
 */
import type { Cells } from '../base/cells.ts';
import { decodeUtf8, encodeUtf8 } from '../base/utf8.ts';
import type { Value } from '../base/value.ts';
import type { RowPage, Sequence } from './messages.ts';
import {
  packColumn,
  packTexts,
  parseJson,
  unpackColumn,
  valuesOf,
  type ColumnForm,
  type Take,
} from './packed-column.ts';
import { packNumbers } from './packed-numbers.ts';

/** A client that reads such replies names it in `Accept`; then large ones come so. */
export const packedType = 'application/x-lorikeet-packed';

interface PageHead {
  readonly table: string;
  readonly rows: number;
  readonly deleted: readonly number[];
  readonly columns: readonly string[];
  /** Of the ids, the sequences and the columns. */
  readonly forms: readonly ColumnForm[];
}

/** A page whose columns can be had as they came. */
export interface PackedPage extends RowPage {
  readonly cells: { readonly ids: Cells; readonly seqs: Cells; readonly columns: readonly Cells[] };
}

export function isPacked(page: RowPage): page is PackedPage {
  return 'cells' in page;
}

/** Null for rows that have to go as JSON: an id that is no well-formed text. */
export function packPages(pages: readonly RowPage[]): Uint8Array<ArrayBuffer> | null {
  const heads: PageHead[] = [];
  const bodies: Uint8Array[] = [];
  for (const { table, ids, seqs, deleted, columns, values } of pages) {
    if (ids.length === 0) continue;
    const packedIds = packTexts(ids);
    if (!packedIds) return null;
    const numbers = packNumbers(seqs);
    const gone = new Set(deleted);
    const packed = values.map((column) => packColumn(filled(column, gone)));
    heads.push({
      ...{ table, rows: ids.length, deleted, columns },
      forms: [packedIds.form, numbers.form, ...packed.map(({ form }) => form)],
    });
    bodies.push(...packedIds.parts, numbers.bytes, ...packed.flatMap(({ parts }) => parts));
  }
  return withHead(heads, bodies);
}

/** Of a deleted row the value before: what has no value would keep the others from being packed. */
function filled(column: readonly Value[], gone: ReadonlySet<number>): readonly Value[] {
  if (gone.size === 0) return column;
  let last = column.find((_, row) => !gone.has(row)) ?? null;
  return column.map((value, row) => (last = gone.has(row) ? last : value));
}

/** JSON and bytes in one. */
export function withHead(head: unknown, parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const json = encodeUtf8(JSON.stringify(head));
  const body = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 4 + json.length));
  new DataView(body.buffer).setUint32(0, json.length, true);
  let at = 4;
  for (const part of [json, ...parts]) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

/** `head` is undefined where the bytes do not begin with one. */
export function splitHead(body: Uint8Array): { readonly head: unknown; readonly rest: Uint8Array } {
  const length = body.length < 4 ? 0 : new DataView(body.buffer, body.byteOffset).getUint32(0, true);
  const json = body.subarray(4, 4 + length);
  const head = json.length < length ? undefined : parseJson(decodeUtf8(json));
  return { head, rest: body.subarray(4 + length) };
}

/** Null where the bytes are not, to the last one, what `packPages` gives. */
export function unpackPages(body: Uint8Array): PackedPage[] | null {
  const { head, rest } = splitHead(body);
  if (!Array.isArray(head)) return null;
  let at = 0;
  const take: Take = (bytes) => {
    at += bytes;
    return at > rest.length ? null : rest.subarray(at - bytes, at);
  };
  const pages: PackedPage[] = [];
  for (const entry of head as unknown[]) {
    const page = isPageHead(entry, rest.length) ? unpackPage(entry, take) : null;
    if (!page) return null;
    pages.push(page);
  }
  return at === rest.length ? pages : null;
}

/** Of several bodies, one after the other; null where one of them is none. */
export function unpackParts(bodies: readonly Uint8Array[]): PackedPage[] | null {
  const pages: PackedPage[] = [];
  for (const body of bodies) {
    const some = unpackPages(body);
    if (!some) return null;
    pages.push(...some);
  }
  return pages;
}

/** Every row has an id, of at least a byte: so what is claimed is no more than what came. */
function isPageHead(entry: unknown, bytes: number): entry is PageHead {
  if (typeof entry !== 'object' || entry === null) return false;
  const { table, rows, deleted, columns, forms } = entry as Record<string, unknown>;
  return (
    typeof table === 'string' &&
    isWithin(rows, bytes + 1) &&
    Array.isArray(deleted) &&
    deleted.every((row) => isWithin(row, rows)) &&
    Array.isArray(columns) &&
    columns.every((column) => typeof column === 'string') &&
    Array.isArray(forms) &&
    forms.length === columns.length + 2
  );
}

function isWithin(value: unknown, bound: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < bound;
}

function unpackPage({ table, rows, deleted, columns, forms }: PageHead, take: Take): PackedPage | null {
  const all: Cells[] = [];
  for (const form of forms) {
    const cells = unpackColumn(form, { rows, take });
    if (!cells) return null;
    all.push(cells);
  }
  const [ids, seqs, ...values] = all as [Cells, Cells, ...Cells[]];
  if (ids.kind !== 'texts' || seqs.kind !== 'numbers' || !seqs.values.every(isSequence)) return null;
  return new UnpackedPage({ table, rows, deleted, columns, cells: { ids, seqs, columns: values } });
}

function isSequence(seq: Sequence): boolean {
  return Number.isSafeInteger(seq) && seq > 0;
}

/** Ids and values become objects when they are asked for, which for most pages they never are. */
class UnpackedPage implements PackedPage {
  readonly table: string;
  readonly deleted: readonly number[];
  readonly columns: readonly string[];
  readonly seqs: readonly Sequence[];
  readonly cells: PackedPage['cells'];
  #ids: readonly string[] | null = null;
  #values: readonly (readonly Value[])[] | null = null;

  constructor({ table, rows, deleted, columns, cells }: Omit<PageHead, 'forms'> & Pick<PackedPage, 'cells'>) {
    this.table = table;
    this.deleted = deleted;
    this.columns = columns;
    this.seqs = valuesOf(cells.seqs, rows) as readonly Sequence[];
    this.cells = cells;
  }

  get ids(): readonly string[] {
    return (this.#ids ??= valuesOf(this.cells.ids, this.seqs.length) as readonly string[]);
  }

  get values(): readonly (readonly Value[])[] {
    const gone = new Set(this.deleted);
    const emptied = (values: readonly Value[]) =>
      gone.size === 0 ? values : values.map((value, row) => (gone.has(row) ? null : value));
    return (this.#values ??= this.cells.columns.map((cells) => emptied(valuesOf(cells, this.seqs.length))));
  }
}
