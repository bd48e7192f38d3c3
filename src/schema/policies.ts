/** Which conflict strategy holds where. */
import { tableOf } from './tables.ts';
import type { ConflictStrategy } from './column.ts';

export type StrategyFor = (table: string, column: string) => ConflictStrategy;

/** The declared policy of a table, `latest_timestamp` where none is declared. */
export const declaredStrategy: StrategyFor = (table) => tableOf(table)?.conflict ?? 'latest_timestamp';
