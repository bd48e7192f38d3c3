/** Pushes to a `ChangeStore`, with parts to replace, and what it says to them. */
import type { Result } from '../../src/base/result.ts';
import type { Change } from '../../src/protocol/messages.ts';
import { schemaVersion } from '../../src/schema/tables.ts';
import type { ChangeStore, Pulled, Push, Refusal } from '../../src/server/change-store.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { settingInsert, testTime } from './server-requests.ts';

export async function addAccount(store: ChangeStore, id: string): Promise<void> {
  await store.createAccount({ id, name: id, nameKey: id, passwordHash: '', now: testTime });
}

export async function push(store: ChangeStore, parts: Partial<Push>): Promise<Pulled> {
  const exchanged = await exchange(store, parts);
  if (!exchanged.ok) throw new Error(`refused: ${exchanged.error.code}`);
  return exchanged.value;
}

export function exchange(store: ChangeStore, parts: Partial<Push>): Promise<Result<Pulled, Refusal>> {
  return store.exchange({
    user: 'u1',
    device: 'device-a',
    schema: schemaVersion,
    session: null,
    writers: [],
    epoch: '',
    cursor: 0,
    known: 0,
    changes: [],
    limit: 10_000,
    now: testTime,
    ...parts,
  });
}

export function refused(code: Refusal['code'], sequence?: number): { ok: false; error: Refusal } {
  return { ok: false, error: { code, ...(sequence === undefined ? {} : { sequence }) } };
}

export function settings(count: number, from = 0): Change[] {
  return Array.from({ length: count }, (_, at) => settingInsert(`s${from + at}`, 'x'));
}

export function deletion(id: string, parts: Partial<Change> = {}): Change {
  return { table: 'setting', id, op: 'delete', stamp: stampAt(testTime) + 50, baseSeq: 0, ...parts };
}

/** A new word with the columns that it must have. */
export function word(id: string, values: NonNullable<Change['values']>): Change {
  return {
    table: 'vocabulary_item',
    id,
    op: 'insert',
    stamp: stampAt(testTime),
    baseSeq: 0,
    values: { language: 'es', created_at: testTime, due_at: testTime, ...values },
  };
}
