/** An older and a newer app of one person, with a server that is as old or as new: nothing is lost on the way. */
import { describe, expect, it } from 'vitest';
import { Database } from '../../../src/client/db/database.ts';
import type { Value } from '../../../src/base/value.ts';
import { currentSchema } from '../../../src/schema/tables.ts';
import { addWord } from '../../support/add-word.ts';
import { nextSchema } from '../../support/next-schema.ts';
import { TwoVersions, type VersionedDevice } from '../../support/two-versions.ts';

const add = (device: VersionedDevice, id: string, colour?: string): void =>
  device.write((sql) => {
    addWord(sql, { id, word: id });
    if (colour !== undefined) sql.run('UPDATE vocabulary_item SET colour = ? WHERE id = ?', [colour, id]);
  });
const edit = (device: VersionedDevice, id: string, values: Record<string, Value>): void => {
  const edits = Object.keys(values).map((name) => `${name} = ?`);
  device.write((sql) =>
    sql.run(`UPDATE vocabulary_item SET ${edits.join(', ')} WHERE id = ?`, [...Object.values(values), id]),
  );
};
const sticker = (device: VersionedDevice, id: string, shape: string): void =>
  device.write((sql) => sql.run('INSERT INTO sticker (id, shape) VALUES (?, ?)', [id, shape]));
const word = (device: VersionedDevice, id: string) => device.rows('vocabulary_item').get(id);
const refill = (device: VersionedDevice) =>
  device.all('SELECT refill, (SELECT count(*) FROM unfilled_value) AS unfilled FROM sync_state')[0];
const nothing = { refill: null, unfilled: 0 };
const everything = (device: VersionedDevice) =>
  Object.fromEntries(device.database.schema.syncOrder.map((table) => [table, [...device.rows(table)]]));

describe.each([
  ['as old', currentSchema],
  ['as new', nextSchema],
])('with a server that is %s as one of them, an older and a newer app', (_, server) => {
  const open = async () => {
    const world = await TwoVersions.open(server);
    return { world, older: world.device('older'), newer: world.device('newer', nextSchema) };
  };

  it('edit the same row: what the newer one knows alone survives the edits of the older one', async () => {
    const { older, newer } = await open();
    add(newer, 'w1', 'red');
    await newer.sync();
    await older.sync();
    edit(older, 'w1', { note: 'by the older' });
    edit(newer, 'w1', { translation: 'by the newer' });
    await older.sync();
    await newer.sync();
    await older.sync();
    const both = { note: 'by the older', translation: 'by the newer' };
    expect(word(newer, 'w1')).toMatchObject({ ...both, colour: 'red' });
    expect(word(older, 'w1')).toMatchObject(both);
    expect(word(older, 'w1')).not.toHaveProperty('colour');
    expect([...newer.rows('conflict').values()]).toEqual([]);
  });

  it('go on past rows of tables that the older one does not know', async () => {
    const { older, newer } = await open();
    sticker(newer, 's1', 'star');
    add(newer, 'w1', 'red');
    await newer.sync();
    const synced = await older.sync();
    expect(synced).toMatchObject({ kind: 'done', report: { error: null } });
    // A server that knows the table sends its rows to everyone.
    const received = synced.kind === 'done' && 'sticker' in synced.report.tables;
    expect(received).toBe(server === nextSchema);
    expect([...older.rows('vocabulary_item').keys()]).toEqual(['w1']);
    expect(older.all('SELECT * FROM held_row')).toEqual([]);
  });

  it('hold the same once the older one is updated, with what it was sent before', async () => {
    const { older, newer } = await open();
    sticker(newer, 's1', 'star');
    add(newer, 'w1', 'red');
    add(newer, 'w2', 'blue');
    await newer.sync();
    await older.sync();
    const updated = older.upgraded(nextSchema);
    expect(await updated.sync()).toMatchObject({ kind: 'done', report: { error: null, reload: null } });
    expect(everything(updated)).toEqual(everything(newer));
    expect(word(updated, 'w1')).toMatchObject({ colour: 'red' });
    expect(refill(updated)).toEqual(nothing);
    expect(updated.waiting()).toBe(0);
    expect(updated.all('SELECT notice, cursor = known AS isAtHead FROM sync_state')).toEqual([
      { notice: null, isAtHead: 1 },
    ]);
  });
});

describe('an app that was updated', () => {
  /** A word with a colour and a sticker, on a device that has been sent both and knew neither. */
  const open = async () => {
    const world = await TwoVersions.open(nextSchema);
    const newer = world.device('newer', nextSchema);
    add(newer, 'w1', 'red');
    sticker(newer, 's1', 'star');
    await newer.sync();
    const older = world.device('older');
    await older.sync();
    return { world, newer, older };
  };

  it('is refused its file once it is taken back to the version before', async () => {
    const world = await TwoVersions.open(currentSchema);
    const { driver } = world.device('phone', nextSchema).database;
    expect(Database.open({ driver, clock: { now: () => 1 }, newId: () => 'x' })).toEqual({ ok: false, error: 'newer' });
  });

  it('goes on from every page after a kill, and asks for no page twice', async () => {
    const { world, newer, older } = await open();
    for (let each = 2; each <= 9; each += 1) add(newer, `w${each}`, `colour ${each}`);
    await newer.sync();
    await older.sync();
    world.pageRows = 2;
    let device = older.upgraded(nextSchema);
    const from = world.requests.length;
    for (let run = 0; run < 20 && refill(device)!['refill'] !== null; run += 1) {
      // Each run is killed after its first page.
      let asked = 0;
      world.fault = () => ((asked += 1) > 1 ? 'request lost' : 'none');
      await device.sync();
      device = device.upgraded(nextSchema);
    }
    const cursors = world.requests.slice(from).map(({ cursor }) => cursor);
    expect(cursors).toEqual([...new Set(cursors)]);
    expect(cursors.length).toBeGreaterThan(5);
    expect(everything(device)).toEqual(everything(newer));
    expect(refill(device)).toEqual(nothing);
  });

  it('stores an answer from before the refill no more, which would move the cursor beyond it', async () => {
    const { older, newer, world } = await open();
    const updated = older.upgraded(nextSchema);
    const gathered = await updated.store.gather('both');
    if (!gathered.ok) throw new Error('nothing was gathered');
    const sent = { ...gathered.value, user: 'ana' };
    const asked = { protocol: 2, changes: [], limit: 10, schema: 3, user: 'ana', device: sent.device };
    const answer = await world.transport.exchange({ ...sent, ...asked });
    if (!answer.ok) throw new Error('nothing was answered');
    expect(await updated.store.apply(sent, answer.value.reply)).toMatchObject({ ok: true, value: { more: true } });
    expect(await updated.store.apply(sent, answer.value.reply)).toMatchObject({ error: { code: 'storage_busy' } });
    await updated.sync();
    expect(everything(updated)).toEqual(everything(newer));
  });

  it('is updated again before it was sent everything', async () => {
    const { older, newer, world } = await open();
    let asked = 0;
    world.pageRows = 1;
    world.fault = () => ((asked += 1) > 2 ? 'request lost' : 'none');
    const updated = older.upgraded(nextSchema);
    await updated.sync();
    expect(refill(updated)!['refill']).toBeGreaterThan(0);
    world.fault = () => 'none';
    // The file as the version between has left it, for one that knows another table.
    updated.database.driver.exec(`DROP TABLE sticker; PRAGMA user_version = ${currentSchema.version}`);
    const steps = [...nextSchema.steps.slice(0, -1), { statements: nextSchema.steps.at(-1)!.statements.slice(1) }];
    const again = updated.upgraded({ ...nextSchema, steps });
    expect(refill(again)).toMatchObject({ refill: 0 });
    expect(again.all('SELECT cursor = known AS isWhereItWas FROM sync_state')).toEqual([{ isWhereItWas: 1 }]);
    await again.sync();
    expect(everything(again)).toEqual(everything(newer));
    expect(refill(again)).toEqual(nothing);
  });

  it('keeps an edit that waits, and fills the rest of its row', async () => {
    const { newer, older } = await open();
    edit(older, 'w1', { note: 'waits' });
    const updated = older.upgraded(nextSchema);
    await updated.sync('down');
    expect(word(updated, 'w1')).toMatchObject({ note: 'waits', colour: 'red' });
    await updated.sync();
    await newer.sync();
    expect(word(newer, 'w1')).toMatchObject({ note: 'waits', colour: 'red' });
    expect([...newer.rows('conflict')]).toEqual([]);
  });

  it.each(['down', 'both'] as const)(
    'takes an edit of a value that it was not sent yet for one that knew of nothing, first syncing %s (I4)',
    async (direction) => {
      const { newer, older, world } = await open();
      const updated = older.upgraded(nextSchema);
      world.now += 1_000;
      edit(updated, 'w1', { colour: 'green' });
      await updated.sync(direction);
      expect(word(updated, 'w1')).toMatchObject({ colour: 'green' });
      await updated.sync();
      await newer.sync();
      expect(word(newer, 'w1')).toMatchObject({ colour: 'green' });
      expect([...newer.rows('conflict').values()]).toMatchObject([
        { column_name: 'colour', kept_value: '"green"', lost_value: '"red"' },
      ]);
      await updated.sync();
      edit(updated, 'w1', { colour: 'blue' });
      await updated.sync();
      expect([...updated.rows('conflict')]).toHaveLength(1);
      expect(refill(updated)).toEqual(nothing);
    },
  );

  it.each(['down', 'both'] as const)(
    'sends a row that waited without the default of a column that it did not have then, first syncing %s',
    async (direction) => {
      const { newer, older, world } = await open();
      add(newer, 'casa', 'yellow');
      await newer.sync();
      world.now += 1_000;
      add(older, 'casa');
      edit(older, 'casa', { note: 'mine' });
      const updated = older.upgraded(nextSchema);
      await updated.sync(direction);
      await updated.sync();
      await newer.sync();
      for (const device of [updated, newer])
        expect(word(device, 'casa')).toMatchObject({ note: 'mine', colour: 'yellow' });
      expect([...newer.rows('conflict').values()].filter(({ column_name }) => column_name === 'colour')).toEqual([]);
    },
  );

  it('sends a row that was added and then changed since with the value that was given', async () => {
    const { newer, older } = await open();
    add(older, 'casa');
    const updated = older.upgraded(nextSchema);
    edit(updated, 'casa', { colour: 'white' });
    await updated.sync();
    await newer.sync();
    expect(word(newer, 'casa')).toMatchObject({ colour: 'white' });
  });

  it('sends a row that is made anew whole', async () => {
    const { newer, older } = await open();
    const updated = older.upgraded(nextSchema);
    updated.write((sql) => sql.run(`DELETE FROM vocabulary_item WHERE id = 'w1'`));
    add(updated, 'w1');
    await updated.sync();
    await newer.sync();
    expect(word(newer, 'w1')).toMatchObject({ colour: '' });
    expect(everything(updated)).toEqual(everything(newer));
  });

  it('is not taken for one that was away, however far the server has forgotten deletions meanwhile', async () => {
    const { newer, older, world } = await open();
    add(newer, 'w2');
    await newer.sync();
    newer.write((sql) => sql.run(`DELETE FROM vocabulary_item WHERE id = 'w2'`));
    await newer.sync();
    await older.sync();
    const day = 86_400_000;
    const rules = { deviceAge: 90 * day, conflictAge: 90 * day, settle: day };
    // Both are known to have heard of the deletion; the second visit forgets it, which only the newer one hears.
    for (const each of [newer, older]) {
      world.now += day;
      await each.sync();
      await newer.sync();
      await world.store.compact({ now: world.now, rules });
    }
    await newer.sync();
    expect(newer.all('SELECT epoch FROM sync_state')[0]!['epoch']).toContain('~');
    expect(older.all('SELECT epoch FROM sync_state')[0]!['epoch']).not.toContain('~');
    const updated = older.upgraded(nextSchema);
    await updated.sync();
    expect(world.refusals).toEqual([]);
    expect(everything(updated)).toEqual(everything(newer));
  });

  it('loses no value to a default when the server was restored before it was sent everything', async () => {
    const { newer, older, world } = await open();
    add(newer, 'w2', 'blue');
    await newer.sync();
    await older.sync();
    edit(older, 'w1', { note: 'later' });
    await older.sync();
    const updated = older.upgraded(nextSchema);
    // The server has lost the note.
    const known = Number(updated.all('SELECT known FROM sync_state')[0]!['known']);
    await updated.store.beginReload({ cause: 'restored', common: known - 1 });
    expect(refill(updated)).toMatchObject({ refill: null, unfilled: 2 });
    const from = world.requests.length;
    await updated.sync();
    // A default that differs from what the server has is not taken for a loss.
    const sent = world.requests.slice(from).flatMap(({ changes }) => changes.map(({ id }) => id));
    expect(sent).toEqual(['w1']);
    expect(updated.waiting()).toBe(0);
    await newer.sync();
    expect(word(newer, 'w1')).toMatchObject({ note: 'later', colour: 'red' });
    expect(everything(updated)).toEqual(everything(newer));
    expect(refill(updated)).toEqual(nothing);
  });
});
