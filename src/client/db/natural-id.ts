/**
 * Ids of rows that have a natural key: UUIDv5 of table and key, so that two devices that add the same word offline make
 * the same row, and the rows merge. The user is not part of it (docs/decisions/0001-natural-ids.md).
 */
import { parse, v5 } from 'uuid';
import type { TableName } from '../../schema/tables.ts';

/** Ours alone, made once. Never to be changed: every id follows from it. */
const namespace = parse('3b0c1a52-6f0e-5d27-9c52-7d1f8a4be613');
const utf8 = new TextEncoder();

export function naturalId(table: TableName, key: readonly string[]): string {
  // JSON keeps ['a', 'bc'] and ['ab', 'c'] apart.
  return v5(utf8.encode(JSON.stringify([table, ...key])), namespace);
}

/** One spelling for what a person takes to be one word: composed letters, no white space around, single spaces within. */
export function normalizeWord(word: string): string {
  return word.normalize('NFC').trim().replace(/\s+/g, ' ');
}
