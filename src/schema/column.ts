/**
 * The vocabulary in which `tables.ts` is written: what a column is, and the row types that follow from it.
 */
import type { Value } from '../base/value.ts';

interface ColumnBase {
  /**
   * Made by the app, not typed by a person: when two devices differ, the losing value is not kept in `conflict` (I4).
   */
  readonly computed?: boolean;
}

export interface TextColumn extends ColumnBase {
  readonly type: 'text';
  /** Limit in UTF-16 code units. */
  readonly maxLength: number;
  readonly minLength?: number;
  readonly enum?: readonly string[];
  readonly nullable?: boolean;
  readonly default?: string | null;
}

export interface NumberColumn extends ColumnBase {
  readonly type: 'integer' | 'real';
  readonly min: number;
  readonly max: number;
  readonly nullable?: boolean;
  readonly default?: number | null;
}

export type Column = TextColumn | NumberColumn;

export type ConflictStrategy = 'latest_timestamp' | 'server_wins' | 'local_wins' | 'manual_review';

export interface Table {
  /** Sync order: 1 goes first. Tables of one priority go in the order of declaration. */
  readonly priority: number;
  readonly columns: Readonly<Record<string, Column>>;
  /** Columns whose values name the row. The id is then a UUIDv5 of them, so that two offline devices make the same row. */
  readonly naturalKey?: readonly string[];
  /** Rows are made and deleted, never edited. */
  readonly appendOnly?: boolean;
  /** Columns searched as the person types. */
  readonly fullText?: readonly string[];
  /** Secondary indexes of the client, each a list of columns. */
  readonly indexes?: readonly (readonly string[])[];
  readonly conflict?: ConflictStrategy;
}

type Nullable<C extends Column, V> = C extends { readonly nullable: true } ? V | null : V;
type ValueOf<C extends Column> = C extends { readonly type: 'text'; readonly enum: readonly (infer E)[] }
  ? Nullable<C, E>
  : C extends { readonly type: 'text' }
    ? Nullable<C, string>
    : Nullable<C, number>;

/** A row as the app sees it: the id and every declared column. */
export type RowOf<T extends Table> = { readonly id: string } & {
  readonly [K in keyof T['columns']]: ValueOf<T['columns'][K]>;
};

/** Column name to value, for a row whose table is known only at run time. */
export type Values = Readonly<Record<string, Value>>;
