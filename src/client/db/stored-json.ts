/**
 * JSON of ours as it lies in the file. A damaged file may hold anything: what is not what was written there is a
 * `StorageError`, as any other fault of the file is, and never goes on into a change or a row.
 */
import type { Value } from '../../base/value.ts';
import type { Sequence, Stamp } from '../../protocol/messages.ts';
import { StorageError } from './driver.ts';

/** By column. */
export type Stamps = Readonly<Record<string, Stamp>>;
export type Base = Readonly<Record<string, readonly [Sequence, Value]>>;
type Values = Readonly<Record<string, Value>>;

/** Null: no column has a stamp of its own. */
export function readStamps(json: Value): Stamps {
  return json === null ? {} : readRecord(json, isWhole);
}

/** `columns`: those of the table, which alone may be named. */
export function readBase(json: Value, columns: readonly string[]): Base {
  const base = readRecord(json, isBased);
  // When the change is refused and undone, the names go into SQL.
  if (!Object.keys(base).every((name) => columns.includes(name))) throw damaged();
  return base;
}

export function readValues(json: Value): Values {
  return readRecord(json, isValue);
}

/** Undefined: what it reads is damaged. For work on many records that must not fail by one of them. */
export function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof StorageError) return undefined;
    throw error;
  }
}

/** Undefined: no JSON at all. */
export function parseStored(json: Value): unknown {
  if (typeof json !== 'string') return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

export function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function readRecord<T>(json: Value, fits: (entry: unknown) => entry is T): Readonly<Record<string, T>> {
  const record = parseStored(json);
  const isRecord = typeof record === 'object' && record !== null && !Array.isArray(record);
  if (!isRecord || !Object.values(record).every(fits)) throw damaged();
  return record as Readonly<Record<string, T>>;
}

function damaged(): StorageError {
  return new StorageError('storage_failed', 'damaged JSON');
}

function isBased(entry: unknown): entry is readonly [Sequence, Value] {
  return Array.isArray(entry) && entry.length === 2 && isWhole(entry[0]) && isValue(entry[1]);
}

function isValue(entry: unknown): entry is Value {
  return entry === null || typeof entry === 'string' || typeof entry === 'number';
}
