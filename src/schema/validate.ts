/**
 * Validation of values against the declaration, on both sides: the server refuses what the client would never store.
 * Structure (is it an object, is a stamp a number) is the protocol's; here it is about tables, columns and values.
 */
import type { Value } from '../base/value.ts';
import { limits } from '../protocol/limits.ts';
import type { Change, ChangeError } from '../protocol/messages.ts';
import type { Column, NumberColumn, Table, TextColumn, Values } from './column.ts';
import type { Schema } from './schema.ts';
import { currentSchema } from './tables.ts';

export interface Sender {
  /** What this side knows. */
  readonly schema?: Schema;
  /** The version of the schema that the sender has. */
  readonly version?: number;
}

/** What is wrong with a change, or null when it may be merged. */
export function validateChange(change: Change, sender: Sender = {}): ChangeError | null {
  const rules = rulesFor(sender);
  const table = rules.tableOf(change.table);
  if (!table) return { code: 'unknown_table' };
  if (!isId(change.id)) return { code: 'invalid_id' };
  switch (change.op) {
    case 'delete':
      return change.values || change.stamps ? { code: 'invalid_change' } : null;
    case 'update':
      if (table.appendOnly) return { code: 'append_only' };
      if (!change.values || Object.keys(change.values).length === 0) return { code: 'invalid_change' };
      return invalidColumn(table, { change, values: change.values, rules });
    case 'insert':
      if (!change.values) return { code: 'invalid_change' };
      return invalidColumn(table, { change, values: change.values, rules }) ?? missingColumn(table, change.values);
  }
}

/**
 * What of a change is looked at by the declaration. A sender that is newer may know tables and columns that are not
 * declared here, and declare known ones wider (a longer text, one more choice): of those only the kind is looked at, so
 * that nothing is lost while a server waits for its update.
 */
interface Rules {
  tableOf(name: string): Table | undefined;
  /** Whether a column that is not declared may be one. */
  takesColumn(name: string): boolean;
  takesValue(column: Column | undefined, value: Value): boolean;
}

function rulesFor({ schema = currentSchema, version = schema.version }: Sender): Rules {
  const takesDeclared = (column: Column | undefined, value: Value) =>
    column !== undefined && explainMisfit(column, value) === null;
  if (version <= schema.version) {
    return { tableOf: schema.tableOf, takesColumn: () => false, takesValue: takesDeclared };
  }
  return {
    tableOf: (name) => schema.tableOf(name) ?? (isName(name) ? undeclared : undefined),
    takesColumn: isName,
    takesValue: (column, value) => takesDeclared(column, value) || isOfKind(column, value),
  };
}

/** A table of a newer version: nothing is known of it. */
const undeclared: Table = { priority: Infinity, columns: {} };

/** What a later version may call a table or a column: as we do, and as `conflict` has room for. */
export function isName(name: string): boolean {
  // `id` is the row's own; `constructor` and the like are in every JavaScript object.
  return /^[a-z][a-z0-9_]{0,39}$/.test(name) && name !== 'id' && !(name in Object.prototype);
}

function isOfKind(column: Column | undefined, value: Value): boolean {
  if (value === null) return true;
  if (typeof value === 'string') {
    return (
      column?.type !== 'integer' && column?.type !== 'real' && value.length <= limits.unknownText && isWellFormed(value)
    );
  }
  return column?.type !== 'text' && (column?.type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value));
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
  if (!isWellFormed(value)) return 'must be well-formed Unicode';
  return null;
}

/** Half a surrogate pair has no UTF-8 form: it would come back as another text than was stored. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function explainNumber(column: NumberColumn, value: string | number): string | null {
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a number';
  if (column.type === 'integer' && !Number.isSafeInteger(value)) return 'must be a whole number';
  if (value < column.min || value > column.max) return `must be from ${column.min} to ${column.max}`;
  return null;
}

interface Checked {
  readonly change: Change;
  readonly values: Values;
  readonly rules: Rules;
}

function invalidColumn(table: Table, { change, values, rules }: Checked): ChangeError | null {
  const exists = (name: string) => columnOf(table, name) !== undefined || rules.takesColumn(name);
  for (const [name, value] of Object.entries(values)) {
    if (!exists(name)) return { code: 'unknown_column', column: name };
    if (!rules.takesValue(columnOf(table, name), value)) return { code: 'invalid_value', column: name };
  }
  for (const name of Object.keys(change.stamps ?? {})) {
    if (!Object.hasOwn(values, name)) return { code: 'invalid_change', column: name };
  }
  for (const name of Object.keys(change.base ?? {})) {
    if (!exists(name)) return { code: 'unknown_column', column: name };
  }
  return null;
}

/** A sender that is older lacks columns that were added since: those are nullable or have a default. */
function missingColumn(table: Table, values: Values): ChangeError | null {
  for (const [name, column] of Object.entries(table.columns)) {
    const required = column.default === undefined && !column.nullable;
    if (required && !Object.hasOwn(values, name)) return { code: 'missing_column', column: name };
  }
  return null;
}

function columnOf(table: Table, name: string): Column | undefined {
  return Object.hasOwn(table.columns, name) ? table.columns[name] : undefined;
}
