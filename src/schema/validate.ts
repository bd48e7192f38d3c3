/**
 * Validation of values against the declaration, on both sides: the server refuses what the client would never store.
 * Structure (is it an object, is a stamp a number) is the protocol's; here it is about tables, columns and values.
 */
import type { Value } from '../base/value.ts';
import { limits } from '../protocol/limits.ts';
import type { Change, ChangeError } from '../protocol/messages.ts';
import type { Column, NumberColumn, Table, TextColumn, Values } from './column.ts';
import { tableOf } from './tables.ts';

/** What is wrong with a change, or null when it may be merged. */
export function validateChange(change: Change): ChangeError | null {
  const table = tableOf(change.table);
  if (!table) return { code: 'unknown_table' };
  if (!isId(change.id)) return { code: 'invalid_id' };
  switch (change.op) {
    case 'delete':
      return change.values || change.stamps ? { code: 'invalid_change' } : null;
    case 'update':
      if (table.appendOnly) return { code: 'append_only' };
      if (!change.values || Object.keys(change.values).length === 0) return { code: 'invalid_change' };
      return invalidColumn(table, change, change.values);
    case 'insert':
      if (!change.values) return { code: 'invalid_change' };
      return invalidColumn(table, change, change.values) ?? missingColumn(table, change.values);
  }
}

/** Ids are made by devices: short, printable, without anything that needs quoting. */
export function isId(id: string): boolean {
  return id.length <= limits.idLength && /^[A-Za-z0-9_.:-]+$/.test(id);
}

/** Why a value does not fit its column, in words for an engineer, or null when it fits. */
export function explainMisfit(column: Column, value: Value): string | null {
  if (value === null) return column.nullable ? null : 'must not be null';
  return column.type === 'text' ? explainText(column, value) : explainNumber(column, value);
}

function explainText(column: TextColumn, value: string | number): string | null {
  if (typeof value !== 'string') return 'must be text';
  if (value.length > column.maxLength) return `must have at most ${column.maxLength} characters`;
  if (value.length < (column.minLength ?? 0)) return `must have at least ${column.minLength} characters`;
  if (column.enum && !column.enum.includes(value)) return `must be one of ${column.enum.join(', ')}`;
  // Half a surrogate pair has no UTF-8 form: it would come back as another text than was stored.
  if (/\p{Surrogate}/u.test(value)) return 'must be well-formed Unicode';
  return null;
}

function explainNumber(column: NumberColumn, value: string | number): string | null {
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a number';
  if (column.type === 'integer' && !Number.isSafeInteger(value)) return 'must be a whole number';
  if (value < column.min || value > column.max) return `must be from ${column.min} to ${column.max}`;
  return null;
}

function invalidColumn(table: Table, change: Change, values: Values): ChangeError | null {
  for (const [name, value] of Object.entries(values)) {
    const column = columnOf(table, name);
    if (!column) return { code: 'unknown_column', column: name };
    if (explainMisfit(column, value) !== null) return { code: 'invalid_value', column: name };
  }
  for (const name of Object.keys(change.stamps ?? {})) {
    if (!Object.hasOwn(values, name)) return { code: 'invalid_change', column: name };
  }
  for (const name of Object.keys(change.base ?? {})) {
    if (!columnOf(table, name)) return { code: 'unknown_column', column: name };
  }
  return null;
}

function missingColumn(table: Table, values: Values): ChangeError | null {
  for (const [name, column] of Object.entries(table.columns)) {
    if (column.default === undefined && !Object.hasOwn(values, name)) return { code: 'missing_column', column: name };
  }
  return null;
}

function columnOf(table: Table, name: string): Column | undefined {
  return Object.hasOwn(table.columns, name) ? table.columns[name] : undefined;
}
