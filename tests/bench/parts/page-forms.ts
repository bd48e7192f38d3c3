/**
 * Part 8: what pulled rows weigh on the wire, in the form that they have and in others, by compression. Bytes do not
 * depend on how busy the machine is. The other forms only show what could be saved: none of them is a protocol.
 */
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Value } from '../../../src/base/value.ts';
import { limits } from '../../../src/protocol/limits.ts';
import type { RowPage } from '../../../src/protocol/messages.ts';
import { columnsOf } from '../../../src/schema/tables.ts';
import type { Series } from '../figures.ts';
import type { Lab } from '../lab.ts';
import { columnsOfWord, makeWords, type BenchWord } from '../rows.ts';

const target = 5_500_000;
const columns = columnsOf('vocabulary_item');
/** In no text of the benchmark. */
const separator = '|';

const forms = {
  'as sent': (page: RowPage): unknown => page,
  'sequences and times as differences': (page: RowPage): unknown => ({
    ...page,
    seqs: differences(page.seqs),
    values: page.values.map((column, index) => (columns[index] === 'created_at' ? differences(column) : column)),
  }),
  /** Divisors for times and decimals, constant columns once, one text a column. */
  packed: (page: RowPage): unknown => ({
    ...page,
    ids: page.ids.join(separator),
    seqs: once(differences(page.seqs)),
    values: page.values.map((column, index) => packed(columns[index]!, column)),
  }),
} as const;

const compressions = {
  'brotli 2': (text: string) => brotli(text, 2),
  'brotli 5': (text: string) => brotli(text, 5),
  'gzip 1': (text: string) => gzipSync(text, { level: 1 }),
  'gzip 6': (text: string) => gzipSync(text, { level: 6 }),
} as const;

export function measurePageForms(lab: Lab): Promise<Series[]> {
  const rows = lab.quick ? 10_000 : 100_000;
  const pages = pagesOf(makeWords(rows, 2));
  const all: Series[] = [];
  for (const [form, shape] of Object.entries(forms)) {
    const texts = pages.map((page) => JSON.stringify(shape(page)));
    for (const [compression, compress] of Object.entries(compressions)) {
      const bytes = texts.reduce((sum, text) => sum + compress(text).length, 0);
      const isSent = form === 'as sent' && compression === 'brotli 2' && !lab.quick;
      const name = `${rows.toLocaleString('en')} words ${form}, ${compression}`;
      all.push({ name, unit: 'bytes', samples: [bytes], ...(isSent ? { target } : {}) });
    }
  }
  return Promise.resolve(all);
}

function pagesOf(words: readonly BenchWord[]): RowPage[] {
  return Array.from({ length: Math.ceil(words.length / limits.pullRows) }, (_, page) => {
    const from = page * limits.pullRows;
    const some = words.slice(from, from + limits.pullRows);
    const rows = some.map(columnsOfWord);
    return {
      table: 'vocabulary_item',
      ids: some.map(({ id }) => id),
      seqs: some.map((_word, index) => from + index + 1),
      deleted: [],
      columns,
      values: columns.map((column) => rows.map((row) => row[column]!)),
    };
  });
}

function packed(name: string, column: readonly Value[]): unknown {
  const same = once(column);
  if (!Array.isArray(same)) return same;
  if (name === 'created_at') return once(differences(scaled(column, 1 / 60_000)));
  if (name === 'due_at') {
    const minutes = scaled(column, 1 / 60_000);
    const first = minutes.reduce((least, value) => Math.min(least, value));
    return minutes.map((value) => value - first).join(separator);
  }
  const isReal = name === 'stability' || name === 'difficulty';
  return (isReal ? scaled(column, 1_000) : column).join(separator);
}

function scaled(column: readonly Value[], factor: number): number[] {
  return column.map((value) => Math.round(Number(value) * factor));
}

function differences(column: readonly Value[]): number[] {
  return column.map((value, index) => Number(value) - Number(index > 0 ? column[index - 1] : 0));
}

/** The value of a column that has but one. */
function once(column: readonly Value[]): unknown {
  return column.slice(1).every((value) => value === column[1]) && column[0] === column[1] ? column[0] : column;
}

function brotli(text: string, quality: number): Buffer {
  return brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } });
}
