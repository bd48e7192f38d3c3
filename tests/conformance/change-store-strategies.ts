/** How conflicts end in every `ChangeStore`, by what the person chose. */
import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/protocol/messages.ts';
import type { ChangeStore } from '../../src/server/change-store.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { rowsOf, settingInsert, settingUpdate, testTime } from '../support/server-requests.ts';
import { deletion, push } from '../support/store-pushes.ts';

type Open = () => Promise<ChangeStore>;

export function describeStrategies(name: string, openStore: Open): void {
  describe(`${name}: a push where the person chose how conflicts end`, () => {
    const choose = (key: string, strategy: string) =>
      settingInsert(key, JSON.stringify(strategy), { values: { key, value: JSON.stringify(strategy) } });
    /** The later of two edits of one setting comes second, so that it wins unless something else was chosen. */
    const collide = async (store: ChangeStore, chosen: readonly Change[]) => {
      await push(store, { changes: [settingInsert('theme', 'dark'), ...chosen] });
      const known = chosen.length + 1;
      const first = settingUpdate('theme', 'blue', { stamp: stampAt(testTime) + 5 });
      await push(store, { device: 'device-b', cursor: known, changes: [first] });
      const second = settingUpdate('theme', 'red', { stamp: stampAt(testTime) + 9, base: { value: [1, 'dark'] } });
      await push(store, { cursor: known, changes: [second] });
      const all = await push(store, { device: 'device-c' });
      const [conflict] = Object.values(rowsOf(all, 'conflict'));
      return { stands: rowsOf(all, 'setting')['theme']?.['value'], conflict };
    };

    it('lets the later change stand where nothing is chosen', async () => {
      expect(await collide(await openStore(), [])).toMatchObject({
        stands: 'red',
        conflict: { strategy: 'latest_timestamp', lost_value: '"blue"', state: 'decided' },
      });
    });

    it('keeps what the server has, for all', async () => {
      expect(await collide(await openStore(), [choose('conflict', 'server_wins')])).toMatchObject({
        stands: 'blue',
        conflict: { strategy: 'server_wins', lost_value: '"red"', state: 'decided' },
      });
    });

    it('leaves the decision to the person, for the table, with both values and the one before', async () => {
      const chosen = [choose('conflict', 'server_wins'), choose('conflict.setting', 'manual_review')];
      expect(await collide(await openStore(), chosen)).toMatchObject({
        stands: 'blue',
        conflict: { state: 'open', base_value: '"dark"', kept_value: '"blue"', lost_value: '"red"' },
      });
    });

    it('ignores what is no choice, what is of another account, and a choice that was deleted', async () => {
      const store = await openStore();
      const gone = choose('conflict.setting', 'server_wins');
      await push(store, { user: 'u2', changes: [choose('conflict', 'server_wins')] });
      const chosen = [choose('conflict', 'coin_toss'), gone, deletion(gone.id, { baseSeq: 3 })];
      expect(await collide(store, chosen)).toMatchObject({ stands: 'red' });
    });

    it('heeds a choice that comes with the same push, from there on', async () => {
      const store = await openStore();
      await push(store, { changes: [settingInsert('a', '0'), settingInsert('b', '0')] });
      const late = { stamp: stampAt(testTime) + 5 };
      const rivals = [settingUpdate('a', '1', late), settingUpdate('b', '1', late)];
      await push(store, { device: 'device-b', cursor: 2, changes: rivals });
      const later = { stamp: stampAt(testTime) + 9 };
      const changes = [
        settingUpdate('a', '2', later),
        choose('conflict', 'server_wins'),
        settingUpdate('b', '2', later),
      ];
      await push(store, { cursor: 2, changes });
      const all = rowsOf(await push(store, { device: 'device-c' }), 'setting');
      expect([all['a']?.['value'], all['b']?.['value']]).toEqual(['2', '1']);
    });
  });
}
