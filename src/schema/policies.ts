/**
 * Which conflict strategy holds where: what the person chose, else what the table declares. The choices are ordinary rows
 * of `setting`, so they sync and the server reads the very rows that the person's devices have: key `conflict` for all,
 * `conflict.<table>` for a table, `conflict.<table>.<column>` for a column; the value is the strategy as JSON.
 */
import type { ConflictStrategy } from './column.ts';
import { tableOf } from './tables.ts';

export type StrategyFor = (table: string, column: string) => ConflictStrategy;

/** The declared policy of a table, `latest_timestamp` where none is declared. */
export const declaredStrategy: StrategyFor = (table) => tableOf(table)?.conflict ?? 'latest_timestamp';

/** What the keys of all choices begin with. */
export const conflictSettingPrefix = 'conflict';

interface Setting {
  readonly key: string;
  readonly value: string;
}

/** The narrower choice wins. A value that is no strategy (another version's, or "as the others") counts as no choice. */
export function strategyFrom(settings: Iterable<Setting>): StrategyFor {
  const chosen = new Map<string, ConflictStrategy>();
  for (const { key, value } of settings) {
    const strategy = strategies.get(value);
    if (strategy) chosen.set(key, strategy);
  }
  if (chosen.size === 0) return declaredStrategy;
  return (table, column) => {
    // Decisions themselves are never up for decision.
    if (table === 'conflict') return declaredStrategy(table, column);
    const strategy =
      chosen.get(`${conflictSettingPrefix}.${table}.${column}`) ??
      chosen.get(`${conflictSettingPrefix}.${table}`) ??
      chosen.get(conflictSettingPrefix) ??
      declaredStrategy(table, column);
    // Nobody can decide about what nobody typed.
    return strategy === 'manual_review' && isComputed(table, column) ? 'latest_timestamp' : strategy;
  };
}

const strategies = new Map<string, ConflictStrategy>(
  (['latest_timestamp', 'server_wins', 'local_wins', 'manual_review'] as const).map((strategy) => [
    JSON.stringify(strategy),
    strategy,
  ]),
);

function isComputed(table: string, column: string): boolean {
  return tableOf(table)?.columns[column]?.computed === true;
}
