/**
 * Keeps the full-text index near the rows without making a write wait for it: new rows enter the index when the database
 * is quiet, a part at a time, or all at once when somebody searches.
 */
import { tableOf } from '../../schema/tables.ts';
import type { Database } from './database.ts';
import { StorageError } from './driver.ts';
import { runPlan, type QueryPlan } from './queries.ts';

/** Some milliseconds of work, so that no request waits long behind it. */
const rowsAtOnce = 500;

/** Runs the work when nothing else happened for a moment. Returns how to call it off. */
export type Later = (work: () => void) => () => void;

/** Starts keeping the index; what it returns stops it. */
export function keepIndexed(
  database: Pick<Database, 'indexNewRows' | 'onCommit'>,
  { later, onFailure }: { later: Later; onFailure: (error: unknown) => void },
): () => void {
  let callOff: () => void;
  const step = (): void => {
    try {
      if (!database.indexNewRows(rowsAtOnce)) callOff = later(step);
    } catch (error) {
      onFailure(error);
    }
  };
  callOff = later(step);
  const stopListening = database.onCommit((tables) => {
    if (![...tables].some((table) => tableOf(table)?.fullText)) return;
    callOff();
    callOff = later(step);
  });
  return () => {
    stopListening();
    callOff();
  };
}

/** The answer of a query. A search first brings the index up to date; where the disk is full, it does without. */
export function answerPlan(database: Pick<Database, 'read' | 'indexNewRows'>, plan: QueryPlan): unknown[] {
  const best = plan.withoutIndex && !isIndexed(database) ? plan.withoutIndex() : plan;
  return database.read((sql) => runPlan(sql, best));
}

function isIndexed(database: Pick<Database, 'indexNewRows'>): boolean {
  try {
    return database.indexNewRows();
  } catch (error) {
    if (error instanceof StorageError) return false;
    throw error;
  }
}
