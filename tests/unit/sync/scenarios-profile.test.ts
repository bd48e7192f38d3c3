/**
 * What happens between devices, as people meet it: a profile. What the first version's tests were about
 * (docs/spec/first-version.md), and the crossings of docs/spec/sync.md's checklist.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { err } from '../../../src/base/result.ts';
import type { Transport } from '../../../src/sync/ports.ts';
import type { Direction } from '../../../src/sync/report.ts';
import { addWord } from '../../support/add-word.ts';
import { DeviceUnderTest } from '../../support/device-under-test.ts';
import { openNodeDriver } from '../../support/node-driver.ts';
import { directions, nameOn, report, sent, TwoDevices } from '../../support/two-devices.ts';

let world: TwoDevices;
beforeEach(() => {
  world = new TwoDevices();
});

describe('a profile', () => {
  it.each<[Direction, unknown, unknown]>([
    ['up', 'Ana', undefined],
    ['down', undefined, 'Bea'],
    ['both', 'Ana', 'Bea'],
  ])('goes %s: of two that wait, one on each side, those go that the direction says', async (direction, up, down) => {
    world.run(world.laptop, `INSERT INTO setting (id, key, value) VALUES ('s', 'from', '"Bea"')`);
    await world.laptop.sync();
    world.saveProfile(world.phone, 'Ana');
    const { error } = await report(world.phone, direction);
    expect(error).toBeNull();
    expect(world.server.rows('profile').get('me')?.['display_name']).toBe(up);
    expect(world.phone.rows('setting').get('s')?.['value']).toBe(down === undefined ? undefined : '"Bea"');
  });

  it.each(directions)(
    'without an account stays on the device, without a failure, asked to go %s',
    async (direction) => {
      const alone = world.device('alone', null);
      world.saveProfile(alone, 'Ana');
      expect(await alone.sync(direction)).toEqual({ kind: 'no-account' });
      expect(alone.waiting()).toBe(1);
    },
  );

  it('that the server cannot take is counted as failed, set aside, and stops nothing else', async () => {
    world.run(
      world.phone,
      `INSERT INTO profile (id, native_language, target_language, created_at) VALUES ('me', '?', 'es', 1)`,
    );
    world.run(world.phone, `INSERT INTO setting (id, key, value) VALUES ('s', 'theme', '"dark"')`);
    const { tables, failed, error } = await report(world.phone);
    expect(tables['profile']).toMatchObject({ processed: 1, succeeded: 0, failed: 1, conflicts: 0 });
    expect(tables['setting']).toMatchObject(sent(1));
    expect([failed, error]).toEqual([1, null]);
    expect(world.phone.all('SELECT table_name, code FROM rejected_change')).toEqual([
      { table_name: 'profile', code: 'invalid_value' },
    ]);
  });

  it('for which whole requests are refused is found and set aside, and the others arrive', async () => {
    const proxied = world.server.transport(() => 'none');
    const exchange: Transport['exchange'] = (request) =>
      JSON.stringify(request).includes('unloved')
        ? Promise.resolve(err({ code: 'too_large' }))
        : proxied.exchange(request);
    const tablet = new DeviceUnderTest({ name: 'tablet', transport: { exchange }, now: () => world.server.now });
    for (let index = 0; index < 9; index += 1) {
      tablet.write((sql) => addWord(sql, { id: `w${index}`, word: index === 5 ? 'unloved' : `word ${index}` }));
    }
    expect(await report(tablet)).toMatchObject({ error: null, succeeded: 8, failed: 1 });
    expect(tablet.waiting()).toBe(0);
    expect(tablet.all('SELECT row_id, code FROM rejected_change')).toEqual([{ row_id: 'w5', code: 'too_large' }]);
    await world.laptop.sync();
    expect([...world.laptop.rows('vocabulary_item').keys()]).toEqual([...tablet.rows('vocabulary_item').keys()]);
    tablet.write((sql) => addWord(sql, { id: 'w5', word: 'loved' }));
    expect(await report(tablet)).toMatchObject({ error: null, failed: 0 });
    await world.laptop.sync();
    expect(world.laptop.rows('vocabulary_item').get('w5')).toMatchObject({ word: 'loved' });
  });

  it('that is set aside alone does not make the device look like a copy of itself', async () => {
    const driver = openNodeDriver();
    let ids = 0;
    const newId = () => `id-${(ids += 1)}`;
    const proxied = world.server.transport(() => 'none');
    const exchange: Transport['exchange'] = (request) =>
      request.changes.some(({ id }) => id === 'bad')
        ? Promise.resolve(err({ code: 'invalid' }))
        : proxied.exchange(request);
    // Opened anew, it is another writer: what the server merged of the first one has to stay in its past.
    const open = () =>
      new DeviceUnderTest({ name: 'tablet', driver, newId, transport: { exchange }, now: () => world.server.now });
    const add = (tablet: DeviceUnderTest, id: string) => tablet.write((sql) => addWord(sql, { id, word: id }));
    const first = open();
    add(first, 'a');
    await report(first);
    const before = first.all('SELECT device FROM sync_state');
    const second = open();
    add(second, 'bad');
    expect(await report(second)).toMatchObject({ error: null, failed: 1 });
    add(second, 'b');
    expect(await report(second)).toMatchObject({ error: null, failed: 0, succeeded: 1 });
    expect(second.all('SELECT device FROM sync_state')).toEqual(before);
  });

  it('that is newer here goes up', async () => {
    world.saveProfile(world.phone, 'Ana');
    await world.meet();
    world.saveProfile(world.phone, 'Anita');
    await world.meet();
    expect([nameOn(world.phone), nameOn(world.laptop)]).toEqual(['Anita', 'Anita']);
  });

  it('that is newer on the server comes down', async () => {
    world.saveProfile(world.phone, 'Ana');
    await world.meet();
    world.saveProfile(world.laptop, 'Bea');
    await world.laptop.sync();
    expect((await report(world.phone)).tables['profile']).toMatchObject(sent(1));
    expect(nameOn(world.phone)).toBe('Bea');
  });

  it('that is equal on both sides moves nothing', async () => {
    world.saveProfile(world.phone, 'Ana');
    await world.meet();
    expect(await report(world.phone)).toMatchObject({ ...sent(0), tables: {}, error: null });
  });
});
