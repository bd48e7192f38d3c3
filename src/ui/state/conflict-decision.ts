/** Taking a decision about a conflict, with a way back. */
import type { ConflictRow } from '../../client/db/api.ts';
import { presentDatabaseFailure } from '../error-presentation.ts';
import type { AppContext } from './context.ts';
import { valueOf, type Resolution } from './conflict-view.ts';

type DecisionPorts = Pick<AppContext, 'database' | 'toasts' | 'now'>;

/** True when it is kept. */
export async function decide(ports: DecisionPorts, row: ConflictRow, resolution: Resolution): Promise<boolean> {
  const { database, toasts, now } = ports;
  const done = await database.mutate('conflicts.resolve', { id: row.id, ...resolution, at: now() });
  if (!done.ok) {
    const words =
      done.error.code === 'invalid' && !row.present
        ? 'Too little is known of it here to bring it back. Try again after the next sync.'
        : presentDatabaseFailure(done.error).words;
    toasts.show({ words, tone: 'trouble' });
    return false;
  }
  const undo = { label: 'Undo', run: () => void reopen(ports, row, undoValue(row, resolution)) };
  toasts.show({ words: wordsFor(row, resolution), ...(canBeUndone(row, resolution) && { action: undo }) });
  return true;
}

/** Makes it undecided again; a value goes back into the row. */
export async function reopen(
  { database, toasts }: Pick<DecisionPorts, 'database' | 'toasts'>,
  row: ConflictRow,
  value?: string | number | null,
): Promise<void> {
  const done = await database.mutate('conflicts.reopen', { id: row.id, ...(value !== undefined && { value }) });
  if (!done.ok) toasts.show({ words: presentDatabaseFailure(done.error).words, tone: 'trouble' });
}

/** What the row gets back: the value from before, or null when it was not there. Undefined where nothing was written. */
function undoValue(row: ConflictRow, { choice, value }: Resolution): string | number | null | undefined {
  if (row.column_name === '') return undefined;
  if (row.present) return row.current_value === null ? undefined : valueOf(row.current_value);
  return choice === 'edited' && value === null ? undefined : null;
}

/** The messages of a conversation go with it and do not come back. */
function canBeUndone(row: ConflictRow, { choice }: Resolution): boolean {
  return !(row.table_name === 'conversation' && row.column_name === '' && choice === 'lost' && row.present === 1);
}

function wordsFor(row: ConflictRow, { choice, value }: Resolution): string {
  const deleted = row.column_name === '' ? choice === 'lost' : !row.present && choice === 'edited' && value === null;
  if (deleted) return row.present ? 'It is deleted.' : 'It stays deleted.';
  if (!row.present) return 'It comes back, whole after the next sync.';
  return row.column_name === '' ? 'It stays.' : 'Decided. It holds on all your devices.';
}
