/** How pulled rows reach the database: what it costs is a matter of which statements are run. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSyncStore } from '../../../../src/client/db/sync-store.ts';
import type { SyncReply } from '../../../../src/protocol/messages.ts';
import { openTestDatabase, type TestDatabase } from '../../../support/client-database.ts';
import { openNodeDriver } from '../../../support/node-driver.ts';

let statements: string[];
let device: TestDatabase;
beforeEach(() => {
  const driver = openNodeDriver();
  statements = [];
  const prepare: typeof driver.prepare = (sql) => {
    statements.push(sql);
    return driver.prepare(sql);
  };
  device = openTestDatabase({ ...driver, prepare });
});
afterEach(() => device.close());

async function pull(keys: readonly string[], more = false): Promise<void> {
  const store = createSyncStore(device.database);
  const sent = await store.gather('down');
  const page: SyncReply['changes'][number] = {
    table: 'setting',
    ids: keys,
    seqs: keys.map((_, index) => index + 1),
    deleted: [],
    columns: ['key', 'value'],
    values: [keys, keys.map(() => '1')],
  };
  const reply = { results: [], changes: [page], cursor: keys.length, epoch: 'e', head: keys.length };
  expect(sent.ok && (await store.apply(sent.value, { ...reply, more, clock: 0, serverTime: 0 }))).toBeTruthy();
}

it('without a savepoint, which would make every row dearer than the one before', async () => {
  await pull(['a', 'b']);
  expect(device.rows('SELECT id FROM setting')).toHaveLength(2);
  expect(statements.filter((sql) => sql.startsWith('SAVEPOINT'))).toEqual([]);
});

it('once more with one around each row when the table refuses any', async () => {
  device.database.driver.exec(
    `CREATE TRIGGER strict BEFORE INSERT ON setting WHEN NEW.key = 'b' BEGIN SELECT raise(ABORT, 'refused'); END`,
  );
  await pull(['a', 'b', 'c']);
  expect(device.rows('SELECT id FROM setting ORDER BY id')).toEqual([{ id: 'a' }, { id: 'c' }]);
  expect(device.rows('SELECT id FROM held_row')).toEqual([{ id: 'b' }]);
  expect(device.rows('SELECT cursor FROM sync_state')).toEqual([{ cursor: 3 }]);
  expect(statements.filter((sql) => sql.startsWith('SAVEPOINT'))).not.toEqual([]);
});

it('with the log folded into the file rarely in a long pull, until the run is over', async () => {
  const frames = () => {
    const asked = device.database.driver.prepare('PRAGMA wal_autocheckpoint');
    const [[count] = []] = asked.arrays();
    return count;
  };
  await pull(['a'], true);
  expect(frames()).toBe(10_000);
  await pull(['b']);
  expect(frames()).toBe(10_000);
  const nothing = { processed: 0, succeeded: 0, failed: 0, conflicts: 0, bytesSent: 0, bytesReceived: 0 };
  const report = { direction: 'down', tables: {}, ...nothing, startedAt: 0, finishedAt: 0, reload: null } as const;
  await createSyncStore(device.database).record({ ...report, error: null }, { at: null, attempts: 0 });
  expect(frames()).toBe(1_000);
});

it('in statements of many rows and one for each that is left over', async () => {
  const keys = Array.from({ length: 47 }, (_, index) => `key-${String(index).padStart(2, '0')}`);
  await pull(keys);
  expect(device.rows('SELECT id, key, _seq FROM setting ORDER BY id')).toEqual(
    keys.map((key, index) => ({ id: key, key, _seq: index + 1 })),
  );
});
