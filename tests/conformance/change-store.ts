/**
 * What every `ChangeStore` must do. An implementation's test calls `changeStoreSuite` with how to open one (see
 * change-store.test.ts).
 */
import { afterEach, describe, expect, it } from 'vitest';
import { limits } from '../../src/protocol/limits.ts';
import type { Change } from '../../src/protocol/messages.ts';
import { columnsOf } from '../../src/schema/tables.ts';
import type { ChangeStore, Push } from '../../src/server/change-store.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { addAccount, deletion, exchange, push, refused, settings } from '../support/store-pushes.ts';
import { describeCompaction } from './change-store-compaction.ts';
import { describeVersions } from './change-store-versions.ts';
import { rowsOf, settingInsert, settingUpdate, testTime } from '../support/server-requests.ts';

export interface OpenedStore {
  readonly store: ChangeStore;
  /** Closes it and opens the same data again, as after a restart. */
  reopen(): Promise<ChangeStore>;
  /** How many rows each table of the database holds, whatever tables there are. */
  rowCounts(): Promise<Readonly<Record<string, number>>>;
  /** Closes it and removes its data. */
  dispose(): Promise<void>;
}

export function changeStoreSuite(name: string, open: () => Promise<OpenedStore>): void {
  let opened: OpenedStore | null = null;
  const openStore = async (): Promise<ChangeStore> => {
    opened = await open();
    for (const user of ['u1', 'u2']) await addAccount(opened.store, user);
    return opened.store;
  };
  afterEach(async () => {
    await opened?.dispose();
    opened = null;
  });

  describeVersions(name, openStore);
  describeCompaction(name, openStore);

  describe(`${name}: a push`, () => {
    it('stores an inserted row and gives it to another device', async () => {
      const store = await openStore();
      const pushed = await push(store, { changes: [settingInsert('theme', 'dark')] });
      expect(pushed.results).toEqual([{ status: 'applied', seq: 1 }]);
      expect(pushed).toMatchObject({ head: 1, changed: true, cursor: 1, more: false });
      const pulled = await push(store, { device: 'device-b' });
      expect(rowsOf(pulled, 'setting')).toEqual({ theme: { key: 'theme', value: 'dark' } });
      expect(pulled).toMatchObject({ cursor: 1, more: false, head: 1, changed: false });
    });

    it('leaves out of the pull what the device itself just sent, and moves its cursor past it', async () => {
      const store = await openStore();
      const pushed = await push(store, { changes: [settingInsert('a', '1'), settingInsert('b', '2')] });
      expect(pushed.changes).toEqual([]);
      expect(pushed.cursor).toBe(2);
    });

    it('gives the row back when another device had changed a column of it that the sender does not know of', async () => {
      const store = await openStore();
      await push(store, { changes: [word('w', { word: 'casa', translation: 'house' })] });
      await push(store, {
        device: 'device-b',
        cursor: 1,
        changes: [wordUpdate('w', { note: 'from b' }, { baseSeq: 1 })],
      });
      const late = await push(store, {
        cursor: 1,
        changes: [wordUpdate('w', { translation: 'home' }, { baseSeq: 1, stamp: stampAt(testTime) + 5 })],
      });
      expect(late.results[0]?.status).toBe('applied');
      expect(rowsOf(late, 'vocabulary_item')['w']).toMatchObject({ translation: 'home', note: 'from b' });
    });

    it('sent twice changes nothing the second time and makes no conflict', async () => {
      const store = await openStore();
      const changes = [settingInsert('theme', 'dark')];
      const first = await push(store, { changes });
      const second = await push(store, { changes });
      expect(second.results).toEqual([{ status: 'duplicate', seq: 0 }]);
      expect(second).toMatchObject({ head: first.head, changed: false });
      expect(rowsOf(second, 'setting')).toEqual({ theme: { key: 'theme', value: 'dark' } });
      expect(rowsOf(second, 'conflict')).toEqual({});
    });

    it('keeps the later of two values for one column, and the loser in a conflict row', async () => {
      const store = await openStore();
      await push(store, { changes: [settingInsert('theme', 'dark')] });
      const later = settingUpdate('theme', 'blue', { stamp: stampAt(testTime) + 9 });
      await push(store, { device: 'device-b', cursor: 1, changes: [later] });
      const earlier = settingUpdate('theme', 'red', { stamp: stampAt(testTime) + 5, base: { value: [1, 'dark'] } });
      const lost = await push(store, { cursor: 1, changes: [earlier] });
      expect(lost.results[0]?.status).toBe('merged');
      expect(rowsOf(lost, 'setting')['theme']).toEqual({ key: 'theme', value: 'blue' });
      const [conflict] = Object.values(rowsOf(lost, 'conflict'));
      expect(conflict).toMatchObject({
        table_name: 'setting',
        row_id: 'theme',
        column_name: 'value',
        base_value: '"dark"',
        kept_value: '"blue"',
        lost_value: '"red"',
        lost_device: 'device-a',
        state: 'decided',
        decided_at: testTime,
      });
    });

    describe('where the person chose how conflicts end', () => {
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

    it('rejects a change that breaks the declaration and stores the others', async () => {
      const store = await openStore();
      const pushed = await push(store, {
        changes: [
          settingInsert('a', '1'),
          { ...settingInsert('b', '2'), table: 'no_such_table' },
          settingInsert('c', '3', { values: { key: 'c', value: '3', admin: 1 } }),
          settingInsert('d', '4', { values: { key: 'd', value: 4 } }),
          settingInsert('e', '5', { values: { key: 'e' } }),
          settingInsert('f', '6'),
        ],
      });
      expect(pushed.results).toEqual([
        { status: 'applied', seq: 1 },
        { status: 'rejected', seq: 0, error: { code: 'unknown_table' } },
        { status: 'rejected', seq: 0, error: { code: 'unknown_column', column: 'admin' } },
        { status: 'rejected', seq: 0, error: { code: 'invalid_value', column: 'value' } },
        { status: 'rejected', seq: 0, error: { code: 'missing_column', column: 'value' } },
        { status: 'applied', seq: 2 },
      ]);
      expect(Object.keys(rowsOf(await push(store, { device: 'b' }), 'setting'))).toEqual(['a', 'f']);
    });

    it('refuses names that every JavaScript object has', async () => {
      const store = await openStore();
      const names = ['__proto__', 'constructor', 'toString'];
      const changes = names.flatMap((hostile) => [
        { ...settingInsert('a', '1'), table: hostile },
        settingInsert('a', '1', {
          values: JSON.parse(`{"key":"a","value":"1","${hostile}":"x"}`) as Change['values'] & {},
        }),
      ]);
      const { results } = await push(store, { changes });
      expect(results.map((result) => result.error?.code)).toEqual(
        names.flatMap(() => ['unknown_table', 'unknown_column']),
      );
    });

    it('asks for the whole row when it lacks the one that is updated', async () => {
      const store = await openStore();
      const pushed = await push(store, { changes: [settingUpdate('gone', 'x')] });
      expect(pushed.results).toEqual([{ status: 'resend', seq: 0 }]);
      expect(pushed).toMatchObject({ head: 0, changed: false });
    });

    it('takes several changes of one row in their order', async () => {
      const store = await openStore();
      const pushed = await push(store, {
        changes: [
          settingInsert('a', '1'),
          settingUpdate('a', '2'),
          settingUpdate('a', '3', { stamp: stampAt(testTime) + 2 }),
        ],
      });
      expect(pushed.results.map(({ status }) => status)).toEqual(['applied', 'applied', 'applied']);
      expect(rowsOf(await push(store, { device: 'b' }), 'setting')).toEqual({ a: { key: 'a', value: '3' } });
    });

    it('tells a deletion as a row without values, and brings the row back for a later edit', async () => {
      const store = await openStore();
      await push(store, { changes: [settingInsert('a', '1')] });
      await push(store, { cursor: 1, changes: [deletion('a', { baseSeq: 1 })] });
      const pulled = await push(store, { device: 'b' });
      expect(rowsOf(pulled, 'setting')).toEqual({ a: null });
      expect(pulled.changes[0]?.values).toEqual([[null], [null]]);
      const revived = await push(store, {
        device: 'b',
        cursor: pulled.cursor,
        changes: [settingUpdate('a', 'again', { baseSeq: 2, stamp: stampAt(testTime) + 90 })],
      });
      expect(revived.results[0]?.status).toBe('applied');
      expect(rowsOf(await push(store, { device: 'c' }), 'setting')).toEqual({ a: { key: 'a', value: 'again' } });
    });

    it('moves nothing when a device sends the value that is there already, and still knows a retry of it', async () => {
      const store = await openStore();
      await push(store, { changes: [settingInsert('a', '1')] });
      const changes = [settingUpdate('a', '1')];
      const same = await push(store, { device: 'b', cursor: 1, changes });
      expect(same).toMatchObject({ head: 1, changed: false, cursor: 1 });
      expect(same.results[0]?.status).toBe('applied');
      expect((await push(store, { device: 'b', cursor: 1, changes })).results[0]?.status).toBe('duplicate');
    });

    it('remembers the highest stamp of the account', async () => {
      const store = await openStore();
      expect((await push(store, {})).clock).toBe(0);
      const stamp = stampAt(testTime) + 77;
      await push(store, { changes: [settingInsert('a', '1', { stamp }), settingInsert('b', '1')] });
      expect((await push(store, { device: 'b' })).clock).toBe(stamp);
    });
  });

  describe(`${name}: a pull`, () => {
    it('is cut into pages by rows, and the pages together are everything once', async () => {
      const store = await openStore();
      await push(store, { changes: settings(7), limit: 0 });
      const pages: string[][] = [];
      let cursor = 0;
      for (let more = true; more;) {
        const page = await push(store, { device: 'b', cursor, limit: 3 });
        pages.push(Object.keys(rowsOf(page, 'setting')));
        ({ cursor, more } = page);
      }
      expect(pages).toEqual([['s0', 's1', 's2'], ['s3', 's4', 's5'], ['s6']]);
      expect(cursor).toBe(7);
    });

    it('does not promise more when the last row just fits', async () => {
      const store = await openStore();
      await push(store, { changes: settings(3), limit: 0 });
      expect(await push(store, { device: 'b', limit: 3 })).toMatchObject({ more: false, cursor: 3 });
    });

    it('never takes more rows than the protocol allows, whatever is asked for', async () => {
      const store = await openStore();
      for (let at = 0; at <= limits.pullRows; at += limits.pushChanges) {
        await push(store, { changes: settings(limits.pushChanges, at), limit: 0 });
      }
      const page = await push(store, { device: 'b', limit: Number.MAX_SAFE_INTEGER });
      expect(page.changes[0]?.ids).toHaveLength(limits.pullRows);
      expect(page).toMatchObject({ more: true, cursor: limits.pullRows });
    });

    it('is cut by bytes after the row that passes the limit', async () => {
      const store = await openStore();
      const documents = Array.from({ length: 30 }, (_, at) => document(`d${at}`, 'é'.repeat(100_000)));
      await push(store, { changes: documents, limit: 0 });
      const page = await push(store, { device: 'b' });
      const bytes = Buffer.byteLength(JSON.stringify(page.changes));
      expect(page.more).toBe(true);
      expect(bytes).toBeGreaterThanOrEqual(limits.pullBytes);
      expect(bytes).toBeLessThan(limits.pullBytes + 210_000);
      const rest = await push(store, { device: 'b', cursor: page.cursor });
      expect([page, rest].flatMap(({ changes }) => changes[0]?.ids ?? [])).toHaveLength(30);
      expect(rest.more).toBe(false);
    });

    it('with a limit of 0 gives no rows and leaves the cursor where it was', async () => {
      const store = await openStore();
      await push(store, { changes: settings(2) });
      expect(await push(store, { device: 'b', cursor: 1, limit: 0 })).toMatchObject({
        changes: [],
        cursor: 1,
        more: true,
      });
      expect(await push(store, { device: 'b', cursor: 2, limit: 0 })).toMatchObject({
        changes: [],
        cursor: 2,
        more: false,
      });
    });

    it('gives the rows of others between the own ones, and the cursor covers all of them', async () => {
      const store = await openStore();
      await push(store, { device: 'b', changes: [settingInsert('theirs', '1')] });
      const page = await push(store, { changes: [settingInsert('mine', '2')], limit: 1 });
      expect(rowsOf(page, 'setting')).toEqual({ theirs: { key: 'theirs', value: '1' } });
      expect(page).toMatchObject({ cursor: 2, more: false });
    });

    it('lays rows out by table in sync order, with every declared column and the defaults of missing ones', async () => {
      const store = await openStore();
      await push(store, { changes: [word('w', { word: 'casa', translation: 'house' }), settingInsert('a', '1')] });
      const page = await push(store, { device: 'b' });
      expect(page.changes.map(({ table }) => table)).toEqual(['setting', 'vocabulary_item']);
      expect(page.changes[1]?.columns).toEqual(columnsOf('vocabulary_item'));
      expect(rowsOf(page, 'vocabulary_item')['w']).toMatchObject({
        word: 'casa',
        note: '',
        reps: 0,
        last_review_at: null,
      });
    });
  });

  describe(`${name}: devices`, () => {
    const writers: Push['writers'] = [['w', 1]];
    const signIn = (store: ChangeStore, tokenHash: string, deviceName: string) =>
      store.createSession({
        id: tokenHash,
        tokenHash,
        user: 'u1',
        deviceName,
        now: testTime,
        expiresAt: testTime + 9e9,
      });

    it('are listed by the name of their session, the latest first, each user their own', async () => {
      const store = await openStore();
      await signIn(store, 't', 'Firefox on Linux');
      await push(store, { device: 'a', session: 't' });
      await push(store, { device: 'b', now: testTime + 60_000 });
      await push(store, { user: 'u2', device: 'c' });
      expect(await store.devices('u1')).toEqual([
        { id: 'b', name: '', firstSeen: testTime + 60_000, lastSeen: testTime + 60_000 },
        { id: 'a', name: 'Firefox on Linux', firstSeen: testTime, lastSeen: testTime },
      ]);
    });

    it('that are retired are no longer listed nor served, their session ends, and others stay', async () => {
      const store = await openStore();
      await signIn(store, 't', 'phone');
      await push(store, { device: 'a', session: 't' });
      const retirement = { user: 'u1', device: 'a', except: 'mine', now: testTime };
      expect(await store.retireDevice({ ...retirement, user: 'u2' })).toBeNull();
      expect(await store.retireDevice(retirement)).toEqual({ session: 't' });
      expect(await store.retireDevice(retirement)).toBeNull();
      expect(await store.devices('u1')).toEqual([]);
      expect(await store.findSession('t', testTime)).toBeNull();
      const changes = [settingInsert('x', '1')];
      expect(await exchange(store, { device: 'a', changes })).toEqual(refused('device_retired'));
      expect(await store.head('u1')).toBe(0);
    });

    it('that are retired by their own session leave that session signed in', async () => {
      const store = await openStore();
      await signIn(store, 't', 'phone');
      await push(store, { device: 'a', session: 't' });
      const retirement = { user: 'u1', device: 'a', except: 't', now: testTime };
      expect(await store.retireDevice(retirement)).toEqual({ session: null });
      expect(await store.findSession('t', testTime)).not.toBeNull();
    });

    it('of one id are told apart by what they know of each other, after a restart too', async () => {
      const store = await openStore();
      await push(store, { writers, changes: [settingInsert('x', '1')] });
      const other: Partial<Push> = { writers: [['v', 9]], changes: [settingInsert('y', '1')] };
      expect(await exchange(store, other)).toEqual(refused('device_taken'));
      expect(await store.head('u1')).toBe(1);
      const again = await opened!.reopen();
      expect(await exchange(again, other)).toEqual(refused('device_taken'));
      expect(await exchange(again, { ...other, user: 'u2' })).toMatchObject({ ok: true });
      expect(await exchange(again, { writers: [...writers, ['v', 9]] })).toMatchObject({ ok: true });
    });
  });

  describe(`${name}: its history`, () => {
    it('goes on over restarts, and what a device knows of it stays good', async () => {
      const store = await openStore();
      const first = await push(store, { changes: settings(2) });
      const again = await opened!.reopen();
      const second = await push(again, { device: 'b', changes: settings(1, 2) });
      expect(second.epoch).not.toBe(first.epoch);
      const pulled = await exchange(again, { cursor: 2, known: 2, epoch: first.epoch });
      expect(pulled).toMatchObject({ value: { epoch: second.epoch, cursor: 3, head: 3 } });
    });

    it('goes on with what a compaction writes after a restart', async () => {
      const store = await openStore();
      await push(store, { changes: settings(1) });
      const edits = (value: string, stamp: number) => [
        settingUpdate('s0', value, { stamp: stampAt(testTime) + stamp }),
      ];
      await push(store, { device: 'b', cursor: 1, changes: edits('1', 5) });
      const { epoch, head } = await push(store, { cursor: 1, changes: edits('2', 9) });
      const again = await opened!.reopen();
      const month = 30 * 86_400_000;
      const rules = { conflictAge: month, deviceAge: month, settle: 1 };
      for (let more = true; more;) ({ more } = await again.compact({ now: testTime + 2 * month, rules }));
      const pulled = await push(again, { cursor: head, known: head, epoch });
      expect(pulled).toMatchObject({ head: head + 1 });
      expect(pulled.epoch).not.toBe(epoch);
      expect(await exchange(again, { cursor: head + 1, known: head + 1, epoch })).toEqual(
        refused('history_lost', head),
      );
    });

    it('has no more than was stored: a device that knows more hears of the last that it shares', async () => {
      const store = await openStore();
      const { epoch } = await push(store, { changes: settings(2) });
      expect(await exchange(store, { cursor: 9, known: 9, epoch })).toEqual(refused('history_lost', 2));
      await push(await opened!.reopen(), { device: 'b', changes: settings(9, 2) });
      const again = await opened!.reopen();
      expect(await exchange(again, { cursor: 9, known: 9, epoch })).toEqual(refused('history_lost', 2));
      expect(await exchange(again, { known: 9, epoch: 'another' })).toEqual(refused('history_lost', 0));
    });
  });

  describe(`${name}: users`, () => {
    it('never see or change rows of each other, even under the same ids', async () => {
      const store = await openStore();
      await push(store, { changes: [settingInsert('theme', 'dark')] });
      const other = await push(store, { user: 'u2', changes: [settingUpdate('theme', 'stolen'), deletion('theme')] });
      expect(other.results.map(({ status }) => status)).toEqual(['resend', 'applied']);
      expect(rowsOf(other, 'setting')).toEqual({});
      expect(rowsOf(await push(store, { device: 'b' }), 'setting')).toEqual({ theme: { key: 'theme', value: 'dark' } });
      expect(await store.head('u1')).toBe(1);
      expect(await store.head('nobody')).toBe(0);
    });

    it('count their sequences apart', async () => {
      const store = await openStore();
      await push(store, { changes: settings(3) });
      expect((await push(store, { user: 'u2', changes: settings(1) })).results).toEqual([
        { status: 'applied', seq: 1 },
      ]);
    });
  });

  describe(`${name}: many at once`, () => {
    it('are served one after another without a gap or a double in the sequence', async () => {
      const store = await openStore();
      const all = await Promise.all(
        Array.from({ length: 50 }, (_, at) =>
          push(store, { device: `d${at}`, changes: [settingInsert(`s${at}`, 'x')], limit: 0 }),
        ),
      );
      expect(all.map(({ results }) => results[0]?.seq).sort((a, b) => a! - b!)).toEqual(
        Array.from({ length: 50 }, (_, at) => at + 1),
      );
    });

    it('a push that fails does not take the others with it', async () => {
      const store = await openStore();
      const outcomes = await Promise.allSettled([
        push(store, { changes: [settingInsert('a', '1')] }),
        push(store, { user: 'nobody', changes: [settingInsert('b', '1')] }),
        push(store, { device: 'b', changes: [settingInsert('c', '1')] }),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(Object.keys(rowsOf(await push(store, { device: 'z' }), 'setting'))).toEqual(['a', 'c']);
    });

    it('what was acknowledged is there after a restart, with the clock and the memory of duplicates', async () => {
      const store = await openStore();
      await push(store, { changes: settings(5) });
      const again = await opened!.reopen();
      const pulled = await push(again, { device: 'b' });
      expect(Object.keys(rowsOf(pulled, 'setting'))).toHaveLength(5);
      expect(pulled).toMatchObject({ head: 5, clock: stampAt(testTime) });
      expect((await push(again, { changes: settings(5) })).results.map(({ status }) => status)).toEqual(
        Array.from({ length: 5 }, () => 'duplicate'),
      );
    });

    it('finishes what was begun before it closes', async () => {
      const store = await openStore();
      const pushes = Array.from({ length: 20 }, (_, at) => push(store, { changes: [settingInsert(`s${at}`, 'x')] }));
      const again = await opened!.reopen();
      await Promise.all(pushes);
      expect(await again.head('u1')).toBe(20);
    });
  });

  describe(`${name}: at work`, () => {
    it('says that it can serve', async () => {
      const store = await openStore();
      await expect(store.check()).resolves.toBeUndefined();
    });
  });
}

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

function wordUpdate(id: string, values: NonNullable<Change['values']>, parts: Partial<Change>): Change {
  return { table: 'vocabulary_item', id, op: 'update', stamp: stampAt(testTime) + 1, baseSeq: 0, values, ...parts };
}

function document(id: string, content: string): Change {
  return {
    table: 'document',
    id,
    op: 'insert',
    stamp: stampAt(testTime),
    baseSeq: 0,
    values: { title: id, language: 'es', content, content_hash: id.padStart(64, '0'), added_at: testTime },
  };
}
