/** A column of pulled rows as bytes: the same value once, numbers in few bytes, texts as UTF-8 one after the other. */
import type { Cells } from '../base/cells.ts';
import { decodeUtf8, encodeUtf8, isUtf8, utf8Length } from '../base/utf8.ts';
import type { Value } from '../base/value.ts';
import { packNumbers, sizeOfNumbers, unpackNumbers, type NumbersForm } from './packed-numbers.ts';

export type ColumnForm =
  | readonly ['same', value: Value]
  | NumbersForm
  /** The lengths first, as numbers, then the texts. */
  | readonly ['texts', bytes: number, lengths: NumbersForm]
  /** Anything else. */
  | readonly ['json', bytes: number];

export interface PackedColumn {
  readonly form: ColumnForm;
  readonly parts: readonly Uint8Array[];
}

/** Of at least one row. */
export function packColumn(values: readonly Value[]): PackedColumn {
  const first = values[0]!;
  if (values.every((value) => value === first)) return { form: ['same', first], parts: [] };
  if (values.every((value) => typeof value === 'number')) {
    const { form, bytes } = packNumbers(values);
    return { form, parts: [bytes] };
  }
  const texts = values.every((value) => typeof value === 'string') ? packTexts(values) : null;
  if (texts) return texts;
  const json = encodeUtf8(JSON.stringify(values));
  return { form: ['json', json.length], parts: [json] };
}

/** Null for a text that is not well-formed: UTF-8 has no bytes for it. */
export function packTexts(texts: readonly string[]): PackedColumn | null {
  const joined = texts.join('');
  const bytes = encodeUtf8(joined);
  const isAscii = bytes.length === joined.length;
  const sizes = texts.map((text) => (isAscii ? text.length : utf8Length(text)));
  if (sizes.reduce((sum, size) => sum + size, 0) !== bytes.length) return null;
  const lengths = packNumbers(sizes);
  return { form: ['texts', bytes.length, lengths.form], parts: [lengths.bytes, bytes] };
}

/** Takes the next so many bytes of a body; null where it has no more. */
export type Take = (bytes: number) => Uint8Array | null;

/** Null where the bytes are no such column. */
export function unpackColumn(form: unknown, { rows, take }: { rows: number; take: Take }): Cells | null {
  if (!Array.isArray(form)) return null;
  const [kind, first] = form as readonly unknown[];
  if (kind === 'same') return isValue(first) ? { kind: 'same', value: first } : null;
  if (kind === 'texts') return unpackTexts(form, { rows, take });
  if (kind === 'json') return unpackJson(form[1], { rows, take });
  const values = takeNumbers(form, { rows, take });
  return values && { kind: 'numbers', values };
}

function takeNumbers(form: unknown, { rows, take }: { rows: number; take: Take }): Float64Array | null {
  const size = sizeOfNumbers(form, rows);
  const bytes = size === null ? null : take(size);
  return bytes && unpackNumbers(form as NumbersForm, { bytes, rows });
}

function unpackTexts(form: readonly unknown[], { rows, take }: { rows: number; take: Take }): Cells | null {
  const lengths = takeNumbers(form[2], { rows, take });
  const bytes = isSize(form[1]) ? take(form[1]) : null;
  if (!lengths || !bytes || !isUtf8(bytes)) return null;
  const ends = new Uint32Array(rows);
  let end = 0;
  for (let row = 0; row < rows; row += 1) {
    const length = lengths[row]!;
    end += length;
    // A text begins where a letter does.
    if (!isSize(length) || end > bytes.length || (bytes[end]! & 0xc0) === 0x80) return null;
    ends[row] = end;
  }
  return end === bytes.length ? { kind: 'texts', bytes, ends } : null;
}

function unpackJson(size: unknown, { rows, take }: { rows: number; take: Take }): Cells | null {
  const bytes = isSize(size) ? take(size) : null;
  const values = parseJson(bytes && decodeUtf8(bytes));
  const fits = Array.isArray(values) && values.length === rows && values.every(isValue);
  return fits ? { kind: 'values', values } : null;
}

/** Undefined for what is none. */
export function parseJson(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isValue(value: unknown): value is Value {
  return value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
}

/** The values one by one, for whoever needs them so. */
export function valuesOf(cells: Cells, rows: number): readonly Value[] {
  switch (cells.kind) {
    case 'values':
      return cells.values;
    case 'numbers':
      return Array.from(cells.values);
    case 'same':
      return Array.from({ length: rows }, () => cells.value);
    case 'texts':
      return Array.from(cells.ends, (end, row) => textAt(cells.bytes, row === 0 ? 0 : cells.ends[row - 1]!, end));
  }
}

function textAt(bytes: Uint8Array, from: number, to: number): string {
  return decodeUtf8(bytes.subarray(from, to))!;
}
