/**
 * Which conflict strategy holds where: what the person chose, else what the table declares. The choices are ordinary rows
 * of `setting`, so they sync and the server reads the very rows that the person's devices have: key `conflict` for all,
 * `conflict.<table>` for a table, `conflict.<table>.<column>` for a column; the value is the strategy as JSON.
 */
import type { ConflictStrategy } from './column.ts';
import type { Schema } from './schema.ts';
import { currentSchema } from './tables.ts';

export type StrategyFor = (table: string, column: string) => ConflictStrategy;

/** The declared policy of a table, `latest_timestamp` where none is declared. */
export const declaredStrategy: StrategyFor = declaredBy(currentSchema);

/** What the keys of all choices begin with. */
export const conflictSettingPrefix = 'conflict';

interface Setting {
  readonly key: string;
  readonly value: string;
}

/** The narrower choice wins. A value that is no strategy (another version's, or "as the others") counts as no choice. */
export function strategyFrom(settings: Iterable<Setting>, schema: Schema = currentSchema): StrategyFor {
  const declared = schema === currentSchema ? declaredStrategy : declaredBy(schema);
  const chosen = new Map<string, ConflictStrategy>();
  for (const { key, value } of settings) {
    const strategy = strategies.get(value);
    if (strategy) chosen.set(key, strategy);
  }
  if (chosen.size === 0) return declared;
  return (table, column) => {
    // Decisions themselves are never up for decision.
    if (table === 'conflict') return declared(table, column);
    const strategy =
      chosen.get(`${conflictSettingPrefix}.${table}.${column}`) ??
      chosen.get(`${conflictSettingPrefix}.${table}`) ??
      chosen.get(conflictSettingPrefix) ??
      declared(table, column);
    return strategy === 'manual_review' && !canBeAsked(schema, table, column) ? 'latest_timestamp' : strategy;
  };
}

const strategies = new Map<string, ConflictStrategy>(
  (['latest_timestamp', 'server_wins', 'local_wins', 'manual_review'] as const).map((strategy) => [
    JSON.stringify(strategy),
    strategy,
  ]),
);

function declaredBy(schema: Schema): StrategyFor {
  return (table) => schema.tableOf(table)?.conflict ?? 'latest_timestamp';
}

/** Nobody can decide about what nobody typed, and what a newer version knows alone may be such. '' is the whole row. */
function canBeAsked(schema: Schema, table: string, column: string): boolean {
  const columns = schema.tableOf(table)?.columns;
  if (columns === undefined) return false;
  return column === '' || (Object.hasOwn(columns, column) && columns[column]!.computed !== true);
}
