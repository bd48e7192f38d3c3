/**
 * How a row lies in a store. `data` is a JSON object of the values alone, all that a pull reads. `meta` says who wrote
 * what when, read only by a merge; most rows were written whole by one change, so its write is stored once and the
 * columns that differ are listed.
 */
import type { Value } from '../../base/value.ts';
import type { Sequence, Stamp } from '../../protocol/messages.ts';
import type { StoredColumn, StoredRow, Write } from '../../sync/merge.ts';

type PackedWrite = readonly [stamp: Stamp, device: string, seq: Sequence];

export type StoredValues = Readonly<Record<string, Value>>;

export interface Meta {
  /** The write of every column that `x` does not list; missing when the row has no columns. */
  readonly w?: PackedWrite;
  readonly x?: Readonly<Record<string, PackedWrite>>;
  /** The deletion. */
  readonly d?: PackedWrite;
  readonly seen: Readonly<Record<string, Stamp>>;
}

export interface StoredText {
  readonly data: string;
  readonly meta: string;
}

export function encodeRow(row: StoredRow): StoredText {
  const data: Record<string, Value> = {};
  const others: Record<string, PackedWrite> = {};
  let common: Write | null = null;
  for (const [name, column] of Object.entries(row.columns)) {
    data[name] = column.value;
    common ??= column;
    if (!sameWrite(common, column)) others[name] = pack(column);
  }
  const meta: Meta = {
    ...(common ? { w: pack(common) } : {}),
    ...(Object.keys(others).length > 0 ? { x: others } : {}),
    ...(row.deleted ? { d: pack(row.deleted) } : {}),
    seen: row.seen,
  };
  return { data: JSON.stringify(data), meta: JSON.stringify(meta) };
}

export function decodeRow(id: string, seq: Sequence, { data, meta }: StoredText): StoredRow {
  return unpackRow(id, seq, [JSON.parse(data) as StoredValues, JSON.parse(meta) as Meta]);
}

/** A row whose texts were parsed already. */
export function unpackRow(id: string, seq: Sequence, [values, meta]: readonly [StoredValues, Meta]): StoredRow {
  const columns: Record<string, StoredColumn> = {};
  for (const [name, value] of Object.entries(values)) {
    const write = meta.x && Object.hasOwn(meta.x, name) ? meta.x[name]! : meta.w!;
    columns[name] = { value, stamp: write[0], device: write[1], seq: write[2] };
  }
  return { id, seq, deleted: meta.d ? unpack(meta.d) : null, columns, seen: meta.seen };
}

/** Who wrote a row that no device sent. */
export const serverDevice = 'server';

/** Null: a damaged store. */
export function parseMeta(meta: string): Meta | null {
  try {
    return JSON.parse(meta) as Meta | null;
  } catch {
    return null;
  }
}

/** The stamp of the latest write to any column of a row that has some. */
export function latestWrite({ w, x = {} }: Meta): Stamp {
  return Math.max(w![0], ...Object.values(x).map(([stamp]) => stamp));
}

/** The meta of the row once the server has deleted it: as of its latest write, so that any later edit stands. */
export function buriedMeta(meta: Meta, seq: Sequence): string {
  return JSON.stringify({ ...meta, d: [latestWrite(meta), serverDevice, seq] } satisfies Meta);
}

function sameWrite(a: Write, b: Write): boolean {
  return a.seq === b.seq && a.stamp === b.stamp && a.device === b.device;
}

function pack(write: Write): PackedWrite {
  return [write.stamp, write.device, write.seq];
}

function unpack([stamp, device, seq]: PackedWrite): Write {
  return { stamp, device, seq };
}
