/**
 * A file may be damaged without SQLite noticing: JSON of ours that is none, or another than was written. Every step of the
 * engine then goes on with what is whole. The server's stored rows: it succeeds or tells a failure.
 */
import fc from 'fast-check';
import BetterSqlite from 'better-sqlite3';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Result } from '../../src/base/result.ts';
import type { Failure } from '../../src/protocol/errors.ts';
import type { SyncReply } from '../../src/protocol/messages.ts';
import { strategyFrom } from '../../src/schema/policies.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { addWord } from '../support/add-word.ts';
import { DeviceUnderTest } from '../support/device-under-test.ts';
import { anyJson, damaged, damagedBytes } from '../support/malformed.ts';
import { MemoryServer } from '../support/memory-server.ts';
import { holds, holdsAlways } from '../support/property.ts';
import { buildTestServer } from '../support/server-harness.ts';
import {
  settingInsert,
  settingUpdate,
  signUp,
  sync,
  syncCall,
  syncRequest,
  testTime,
} from '../support/server-requests.ts';

const start = 1_800_000_000_000;

/** Where the client keeps JSON, and what it may look like there. */
const cells = [
  { sql: `UPDATE outbox SET stamps = ? WHERE op = 'update'`, whole: { note: stampAt(start) } },
  { sql: `UPDATE outbox SET base = ? WHERE op = 'update'`, whole: { note: [1, 'before'] } },
  { sql: `UPDATE outbox SET stamps = ? WHERE op = 'insert'`, whole: { note: stampAt(start) } },
  { sql: 'UPDATE held_row SET row = ?', whole: { key: 'theme', value: '1' } },
  { sql: 'UPDATE sync_state SET writers = ?', whole: { merged: ['w', 1], since: [['w', 2]] } },
  { sql: `UPDATE setting SET value = ?, _seq = _seq + 1 WHERE key = 'sync_interval_minutes'`, whole: 15 },
];

const texts = (whole: unknown): fc.Arbitrary<string> =>
  fc.oneof(
    damaged(whole).map((json) => JSON.stringify(json)),
    damagedBytes(JSON.stringify(whole)).map(String),
    anyJson.map((json) => JSON.stringify(json)),
  );

const anyDamage = fc.array(fc.oneof(...cells.map(({ sql, whole }) => texts(whole).map((text) => ({ sql, text })))), {
  minLength: 1,
  maxLength: 3,
});

/** A device with a new word, an edited one, a held row and a setting. */
function openDevice() {
  const device = new DeviceUnderTest({ name: 'a', now: () => start, transport: new MemoryServer().transport() });
  const { database } = device;
  database.write((sql) => {
    addWord(sql, { id: 'edited', word: 'uno' });
    sql.run('UPDATE vocabulary_item SET _seq = 1');
    sql.run(`INSERT INTO setting (id, key, value, _seq) VALUES ('i', 'sync_interval_minutes', '15', 1)`);
    sql.run('DELETE FROM outbox');
    sql.run(`INSERT INTO held_row (tbl, id, seq, row, error) VALUES ('setting', 'held', 2, '{}', 'x')`);
  }, 'sync');
  device.write((sql) => {
    addWord(sql, { id: 'new', word: 'dos' });
    sql.run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'edited'`);
  });
  return device;
}

const pulled: Omit<SyncReply, 'results'> = {
  changes: [
    {
      table: 'vocabulary_item',
      ids: ['edited', 'other'],
      seqs: [5, 6],
      deleted: [],
      columns: ['language', 'word', 'translation', 'note'],
      values: [
        ['es', 'es'],
        ['uno', 'tres'],
        ['one', 'three'],
        ['theirs', ''],
      ],
    },
  ],
  cursor: 6,
  epoch: 'e',
  head: 6,
  more: false,
  clock: stampAt(start),
  serverTime: start,
};

type Step = readonly [name: string, run: (device: DeviceUnderTest) => Promise<Result<unknown, Failure>>];

/** A round trip with whatever can be read, answered in one way or the other. */
const answeredWith = (status: 'applied' | 'resend' | 'rejected'): Step => [
  status,
  async ({ store }) => {
    const batch = await store.gather('both');
    if (!batch.ok) return batch;
    const results = batch.value.changes.map(({ op }) => {
      const answer = op === 'insert' && status === 'resend' ? 'applied' : status;
      return { status: answer, seq: answer === 'applied' ? 7 : 0 };
    });
    return store.apply(batch.value, { ...pulled, results });
  },
];

const steps: readonly Step[] = [
  answeredWith('applied'),
  answeredWith('resend'),
  answeredWith('rejected'),
  ['a corrected clock', ({ store }) => store.correctClock(start - 3_600_000)],
  ['a new id', ({ store }) => store.takeNewId()],
  ['a reload after a restored backup', ({ store }) => store.beginReload({ cause: 'restored', common: 0 })],
  ['a reload', ({ store }) => store.beginReload({ cause: 'away', common: 0 })],
];

describe('a client’s file with damaged JSON', () => {
  it('fails no step of the engine: what is whole goes on', async () => {
    await holdsAlways(
      fc.asyncProperty(anyDamage, fc.constantFrom(...steps), async (damages, [, step]) => {
        const device = openDevice();
        device.database.write((sql) => damages.forEach(({ sql: cell, text }) => sql.run(cell, [text])), 'sync');
        expect(await step(device)).toMatchObject({ ok: true });
        await device.database.close();
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ['that is none', '{'],
    ['that names no column', JSON.stringify({ nowhere: [1, 'before'] })],
  ])('keeps an edit with a base %s here, and begins a reload all the same', async (_, base) => {
    const device = openDevice();
    device.database.write((sql) => sql.run(cells[1]!.sql, [base]), 'sync');
    expect(await device.store.beginReload({ cause: 'restored', common: 0 })).toMatchObject({ ok: true });
    const batch = await device.store.gather('both');
    if (!batch.ok) throw new Error(batch.error.code);
    expect(batch.value.changes.every(({ base: sent }) => !Object.hasOwn(sent ?? {}, 'nowhere'))).toBe(true);
    await device.database.close();
  });

  it('takes a refused edit out and pulls its row again where what was before does not fit the column', async () => {
    const device = openDevice();
    device.database.write((sql) => {
      sql.run(cells[1]!.sql, [JSON.stringify({ note: [1, null] })]);
      sql.run('UPDATE sync_state SET cursor = 4');
    }, 'sync');
    const batch = await device.store.gather('both');
    if (!batch.ok) throw new Error(batch.error.code);
    const results = batch.value.changes.map(() => ({ status: 'rejected' as const, seq: 0 }));
    expect(
      await device.store.apply(batch.value, { ...pulled, changes: [], cursor: 4, head: 4, results }),
    ).toMatchObject({
      ok: true,
    });
    const [[cursor, set]] = device.database.read((sql) =>
      sql.arrays(`SELECT cursor, (SELECT count(*) FROM rejected_change WHERE row_id = 'edited') FROM sync_state`),
    ) as [[number, number]];
    expect({ cursor, set }).toEqual({ cursor: 0, set: 1 });
    await device.store.apply({ ...batch.value, changes: [] }, { ...pulled, results: [] });
    expect(
      device.database.read((sql) => sql.arrays(`SELECT note, _seq FROM vocabulary_item WHERE id = 'edited'`)),
    ).toEqual([['theirs', 5]]);
    await device.database.close();
  });

  it('does not send an edit with a base that names no column', async () => {
    const device = openDevice();
    device.database.write((sql) => sql.run(cells[1]!.sql, [JSON.stringify({ nowhere: [1, 'before'] })]), 'sync');
    const batch = await device.store.gather('both');
    if (!batch.ok) throw new Error(batch.error.code);
    expect(batch.value.changes.map(({ op }) => op)).not.toContain('update');
    expect(batch.value.unread).toMatchObject({ vocabulary_item: { count: 1 } });
    await device.database.close();
  });

  it('keeps one table’s damage to itself: the others are sent, and rows of theirs are stored', async () => {
    const device = openDevice();
    const [cell] = cells;
    device.database.write((sql) => sql.run(cell!.sql, ['{']), 'sync');
    const batch = await device.store.gather('both');
    if (!batch.ok) throw new Error(batch.error.code);
    expect(batch.value.changes.map(({ id }) => id)).toEqual(['new']);
    expect(batch.value.unread).toMatchObject({ vocabulary_item: { count: 1 } });
    const row = {
      table: 'setting',
      ids: ['s'],
      seqs: [2],
      deleted: [],
      columns: ['key', 'value'],
      values: [['k'], ['1']],
    };
    const applied = await device.store.apply(batch.value, {
      ...pulled,
      results: [{ status: 'applied', seq: 7 }],
      changes: [...pulled.changes, row],
    });
    expect(applied).toMatchObject({ ok: true, value: { tables: { vocabulary_item: { failed: 2 } } } });
    expect(device.all(`SELECT id FROM setting WHERE id = 's'`)).toHaveLength(1);
    await device.database.close();
  });
});

describe('settings that say nothing known', () => {
  it('never keep a conflict from being decided, nor a sync from its interval', () => {
    const keys = fc.oneof(
      fc.constantFrom('conflict', 'conflict.setting', 'conflict.vocabulary_item.note'),
      fc.string(),
    );
    const strategies = ['latest_timestamp', 'server_wins', 'local_wins', 'manual_review'];
    const settings = fc.array(fc.record({ key: keys, value: texts('manual_review') }), { maxLength: 4 });
    const places = fc.constantFrom<[string, string]>(
      ['vocabulary_item', 'note'],
      ['setting', 'value'],
      ['conflict', 'state'],
      ['constructor', 'toString'],
    );
    holds(
      fc.property(settings, places, (chosen, [table, column]) => {
        expect(strategies).toContain(strategyFrom(chosen)(table, column));
      }),
      { numRuns: 300 },
    );
  });
});

describe('a server’s file with damaged JSON', () => {
  it('fails the exchange that meets it, stores nothing of that, and serves on', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'lorikeet-damaged-'));
    const file = path.join(directory, 'lorikeet.db');
    const server = await buildTestServer({ file, now: () => testTime });
    const [ana, ben] = [await signUp(server), await signUp(server)];
    for (const person of [ana, ben]) await sync(server, person, { changes: [settingInsert('s', '1')] });
    const other = new BetterSqlite(file);
    const rows = () => JSON.stringify(other.prepare('SELECT tbl, id, seq, data, meta FROM row').all());
    const whole = other.prepare('SELECT data, meta FROM row LIMIT 1').get() as Record<'data' | 'meta', string>;
    const damage = fc
      .constantFrom('data', 'meta')
      .chain((column) => texts(JSON.parse(whole[column])).map((text) => ({ column, text })));
    await holdsAlways(
      fc.asyncProperty(damage, async ({ column, text }) => {
        other.prepare('UPDATE row SET data = ?, meta = ?').run(whole.data, whole.meta);
        other.prepare(`UPDATE row SET ${column} = ? WHERE user = 1`).run(text);
        const before = rows();
        const changes = [settingInsert('new', '1'), settingUpdate('s', '2')];
        const reply = await server.app.inject(syncCall(ana, syncRequest(ana.user, { device: 'b', changes })));
        if (reply.statusCode !== 200) expect(rows()).toBe(before);
        other.prepare(`DELETE FROM row WHERE id = 'new'`).run();
        await sync(server, ben);
      }),
      { numRuns: 60 },
    );
    other.close();
    await server.close();
    rmSync(directory, { recursive: true });
  });
});
