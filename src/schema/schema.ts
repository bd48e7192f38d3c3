/**
 * A version of the declaration as a value: its tables and the steps that bring older client files to it. The app has one,
 * `currentSchema` (tables.ts); tests have several versions in one process.
 */
import type { Table } from './column.ts';

/** How a client file of the version before becomes one of this version. Once released, a step is never edited. */
export interface MigrationStep {
  /**
   * SQL for tables, columns and their data. Indexes and triggers are not its business: they follow from the declaration
   * (migrations.ts).
   */
  readonly statements: readonly string[];
}

export interface Declaration {
  readonly tables: Readonly<Record<string, Table>>;
  /** `steps[n - 1]` brings a file from version n to n + 1. A new version is a new step. */
  readonly steps: readonly MigrationStep[];
}

export interface Schema extends Declaration {
  readonly version: number;
  /** Table names in sync order: by priority, then by declaration. */
  readonly syncOrder: readonly string[];
  /** The declaration of a table, or undefined for a name that is not ours (own keys only: `__proto__` is not a table). */
  tableOf(name: string): Table | undefined;
  /** Declared columns of a table in their order. */
  columnsOf(name: string): readonly string[];
}

export function defineSchema({ tables, steps }: Declaration): Schema {
  const columns = new Map(Object.entries(tables).map(([name, table]) => [name, Object.keys(table.columns)]));
  return {
    tables,
    steps,
    version: steps.length + 1,
    syncOrder: Object.keys(tables).sort((a, b) => tables[a]!.priority - tables[b]!.priority),
    tableOf: (name) => (Object.hasOwn(tables, name) ? tables[name] : undefined),
    columnsOf: (name) => columns.get(name)!,
  };
}
