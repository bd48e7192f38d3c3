/** What every `SyncStore` has to do, whoever answers: the database here, over a port, or an image of the file. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Result } from '../../src/base/result.ts';
import type { Database } from '../../src/client/db/database.ts';
import type { Failure } from '../../src/protocol/errors.ts';
import type { Change, RowPage, SyncReply } from '../../src/protocol/messages.ts';
import { limits } from '../../src/protocol/limits.ts';
import { schemaVersion } from '../../src/schema/tables.ts';
import { packPages } from '../../src/protocol/packed-pages.ts';
import { latestStamp } from '../../src/sync/change.ts';
import { stampAt } from '../../src/sync/clock.ts';
import type { Batch, SyncStore } from '../../src/sync/ports.ts';
import type { SyncReport } from '../../src/sync/report.ts';
import { addWord } from '../support/add-word.ts';

export interface OpenedSyncStore {
  readonly store: SyncStore;
  /** The database behind the store, for the person's edits and for looking. */
  readonly database: Database;
  close(): Promise<void>;
}

export interface SyncStoreUnderTest {
  readonly name: string;
  /** Opens an empty database whose device clock says `now()`. */
  open(now: () => number): Promise<OpenedSyncStore>;
}

const start = 1_800_000_000_000;

export function describeSyncStore(subject: SyncStoreUnderTest): void {
  describe(`the sync store ${subject.name}`, () => {
    let now = start;
    let opened: OpenedSyncStore;
    beforeEach(async () => {
      now = start;
      opened = await subject.open(() => now);
      opened.database.write((sql) => sql.run(`UPDATE sync_state SET user_id = 'ana', device = 'device-a'`), 'sync');
    });
    afterEach(() => opened.close());

    const run = (sql: string, params: readonly (string | number | null)[] = []): void =>
      void opened.database.write((write) => write.run(sql, params));
    const all = (sql: string) => opened.database.read((read) => read.all(sql));
    const add = (id: string, word = id): void => opened.database.write((sql) => addWord(sql, { id, word }));
    const gather = async (): Promise<Batch> => value(await opened.store.gather('both'));
    const apply = async (sent: Batch, reply: Partial<SyncReply>) =>
      value(await opened.store.apply(sent, { ...emptyReply, ...reply }));
    const acknowledged = async (seq: number): Promise<void> => {
      const sent = await gather();
      await apply(sent, { results: sent.changes.map((_, index) => ({ status: 'applied', seq: seq + index })) });
    };

    describe('gathers', () => {
      it('nothing from a clean database', async () => {
        expect(await gather()).toEqual({
          user: 'ana',
          device: 'device-a',
          schema: schemaVersion,
          writers: [],
          epoch: '',
          cursor: 0,
          known: 0,
          loads: 0,
          changes: [],
          more: false,
          attempts: 0,
          interval: null,
          unread: {},
        });
      });

      it('a new row with every column', async () => {
        add('w1', 'café');
        const { changes } = await gather();
        expect(changes).toHaveLength(1);
        expect(changes[0]).toMatchObject({ table: 'vocabulary_item', id: 'w1', op: 'insert', baseSeq: 0 });
        expect(changes[0]!.values).toMatchObject({ word: 'café', note: '', stability: 0, last_review_at: null });
        expect(changes[0]!.stamp).toBeGreaterThanOrEqual(stampAt(start));
      });

      it('only the dirty columns of an edited row, with the base before the first edit', async () => {
        add('w1');
        await acknowledged(7);
        run(`UPDATE vocabulary_item SET note = 'first' WHERE id = 'w1'`);
        run(`UPDATE vocabulary_item SET note = 'second', translation = 'x' WHERE id = 'w1'`);
        const { changes } = await gather();
        expect(changes[0]).toMatchObject({
          op: 'update',
          values: { note: 'second', translation: 'x' },
          baseSeq: 7,
          base: { note: [7, ''], translation: [7, ''] },
        });
      });

      it('a stamp for each column that was edited at another time', async () => {
        add('w1');
        run(`UPDATE vocabulary_item SET note = 'later' WHERE id = 'w1'`);
        const [change] = (await gather()).changes;
        expect(change!.stamps!['note']).toBeGreaterThan(change!.stamp);
      });

      it('no edit that changed nothing', async () => {
        add('w1');
        await acknowledged(1);
        run(`UPDATE vocabulary_item SET note = note WHERE id = 'w1'`);
        expect((await gather()).changes).toEqual([]);
      });

      it('a deletion, in place of what waited for the row', async () => {
        add('w1');
        run(`DELETE FROM vocabulary_item WHERE id = 'w1'`);
        expect((await gather()).changes).toMatchObject([{ op: 'delete', id: 'w1', baseSeq: 0 }]);
      });

      it('tables in sync order', async () => {
        add('w1');
        run(`INSERT INTO setting (id, key, value) VALUES ('s1', 'theme', '"dark"')`);
        expect((await gather()).changes.map((change) => change.table)).toEqual(['setting', 'vocabulary_item']);
      });

      it('no more than one push takes, and says that more waits', async () => {
        opened.database.write((sql) => {
          for (let index = 0; index <= limits.pushChanges; index += 1) addWord(sql, { id: `w${index}`, word: 'x' });
        });
        const batch = await gather();
        expect(batch.changes).toHaveLength(limits.pushChanges);
        expect(batch.more).toBe(true);
      });

      it('no more bytes than one push takes, but always one change', async () => {
        const text = 'x'.repeat(200_000);
        opened.database.write((sql) => {
          for (let index = 0; index < 30; index += 1) {
            sql.run(
              `INSERT INTO document (id, title, language, content, content_hash, added_at) VALUES (?, 't', 'es', ?, ?, 1)`,
              [`d${index}`, text, 'a'.repeat(64)],
            );
          }
        });
        const batch = await gather();
        expect(batch.more).toBe(true);
        expect(JSON.stringify(batch.changes).length).toBeLessThan(limits.pushBytes + 1_000_000);
      });

      it('no change when only rows are wanted', async () => {
        add('w1');
        expect(value(await opened.store.gather('down')).changes).toEqual([]);
      });

      it.each([
        ['30', 1_800_000],
        ['1440', 86_400_000],
        ['1441', null],
        ['0', null],
        ['"often"', null],
      ])('the interval of the setting %s as %o', async (chosen, interval) => {
        run(`INSERT INTO setting (id, key, value) VALUES ('s', 'sync_interval_minutes', ?)`, [chosen]);
        expect((await gather()).interval).toBe(interval);
      });

      it('nothing to send before anyone signed up', async () => {
        add('w1');
        opened.database.write((sql) => sql.run('UPDATE sync_state SET user_id = NULL'), 'sync');
        expect(await gather()).toMatchObject({ user: null, changes: [] });
      });
    });

    describe('applies results', () => {
      it('and takes what was answered out of the outbox', async () => {
        add('w1');
        await acknowledged(3);
        expect((await gather()).changes).toEqual([]);
        expect(all('SELECT _seq FROM vocabulary_item')).toEqual([{ _seq: 3 }]);
      });

      it('and keeps an edit that was made while the push was under way (I2)', async () => {
        add('w1');
        const sent = await gather();
        run(`UPDATE vocabulary_item SET note = 'meanwhile' WHERE id = 'w1'`);
        await apply(sent, { results: [{ status: 'applied', seq: 3 }] });
        expect((await gather()).changes).toMatchObject([
          { op: 'update', values: { note: 'meanwhile' }, baseSeq: 3, base: { note: [3, ''] } },
        ]);
      });

      it('and keeps a deletion that was made while the push was under way', async () => {
        add('w1');
        const sent = await gather();
        run(`DELETE FROM vocabulary_item WHERE id = 'w1'`);
        await apply(sent, { results: [{ status: 'applied', seq: 3 }] });
        expect((await gather()).changes).toMatchObject([{ op: 'delete', baseSeq: 3 }]);
      });

      it('and keeps all of a row that was deleted, added anew and edited while the push was under way', async () => {
        add('w1', 'before');
        const sent = await gather();
        run(`DELETE FROM vocabulary_item WHERE id = 'w1'`);
        add('w1', 'anew');
        run(`UPDATE vocabulary_item SET note = 'and edited' WHERE id = 'w1'`);
        await apply(sent, { results: [{ status: 'applied', seq: 3 }] });
        expect((await gather()).changes).toMatchObject([
          { op: 'insert', values: { word: 'anew', note: 'and edited' }, baseSeq: 3 },
        ]);
      });

      it('and nothing of an answer that comes after the account was left (I6, I7)', async () => {
        const sent = await gather();
        const left = ['user_id = NULL', `user_id = 'ben'`, `device = 'device-b'`];
        for (const change of left) {
          opened.database.write((sql) => sql.run(`UPDATE sync_state SET user_id = 'ana', device = 'device-a'`), 'sync');
          opened.database.write((sql) => sql.run(`UPDATE sync_state SET ${change}`), 'sync');
          const applied = await opened.store.apply(sent, {
            ...emptyReply,
            changes: [wordPage({ id: 'w1', seq: 9 })],
            cursor: 9,
          });
          expect(applied).toMatchObject({ error: { code: 'storage_busy' } });
        }
        expect(all('SELECT cursor FROM sync_state')).toEqual([{ cursor: 0 }]);
        expect(all('SELECT id FROM vocabulary_item')).toEqual([]);
      });

      it('and keeps the base of a newer edit whose row comes by a later pull', async () => {
        add('w1');
        await acknowledged(3);
        run(`UPDATE vocabulary_item SET note = 'one' WHERE id = 'w1'`);
        const sent = await gather();
        run(`UPDATE vocabulary_item SET note = 'two' WHERE id = 'w1'`);
        await apply(sent, { results: [{ status: 'merged', seq: 0 }] });
        expect((await gather()).changes).toMatchObject([{ values: { note: 'two' }, base: { note: [3, ''] } }]);
      });

      it('and sends a row whole that the server lacks', async () => {
        add('w1');
        await acknowledged(3);
        run(`UPDATE vocabulary_item SET note = 'x' WHERE id = 'w1'`);
        const sent = await gather();
        await apply(sent, { results: [{ status: 'resend', seq: 0 }] });
        const [change] = (await gather()).changes;
        expect(change).toMatchObject({ op: 'insert', baseSeq: 0, values: { word: 'w1', note: 'x' } });
      });

      it('and sets a rejected new row aside', async () => {
        add('w1');
        const sent = await gather();
        await apply(sent, {
          results: [{ status: 'rejected', seq: 0, error: { code: 'invalid_value', column: 'word' } }],
        });
        expect((await gather()).changes).toEqual([]);
        expect(all('SELECT id FROM vocabulary_item')).toEqual([]);
        const [rejected] = all('SELECT row_id, op, code, column_name, values_json FROM rejected_change');
        expect(rejected).toMatchObject({ row_id: 'w1', op: 'insert', code: 'invalid_value', column_name: 'word' });
        expect(JSON.parse(String(rejected!['values_json']))).toMatchObject({ word: 'w1' });
      });

      it('and puts back what was before a rejected edit', async () => {
        add('w1');
        await acknowledged(3);
        run(`UPDATE vocabulary_item SET note = 'refused' WHERE id = 'w1'`);
        await apply(await gather(), { results: [{ status: 'rejected', seq: 0, error: { code: 'invalid_value' } }] });
        expect(all('SELECT note FROM vocabulary_item')).toEqual([{ note: '' }]);
        expect((await gather()).changes).toEqual([]);
      });

      it('and asks for the rows again under a rejected edit that hid newer ones', async () => {
        add('w1');
        await acknowledged(3);
        run(`UPDATE vocabulary_item SET note = 'refused' WHERE id = 'w1'`);
        await apply(noChanges(await gather()), {
          changes: [wordPage({ id: 'w1', seq: 9, note: 'theirs' })],
          cursor: 9,
        });
        await apply(await gather(), {
          results: [{ status: 'rejected', seq: 0, error: { code: 'invalid_value' } }],
          cursor: 9,
        });
        expect((await gather()).cursor).toBeLessThan(9);
        await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 9, note: 'theirs' })], cursor: 9 });
        expect(all('SELECT note FROM vocabulary_item')).toEqual([{ note: 'theirs' }]);
      });

      it('and leaves a rejected change in the queue when it was edited meanwhile', async () => {
        add('w1');
        const sent = await gather();
        run(`UPDATE vocabulary_item SET note = 'better' WHERE id = 'w1'`);
        await apply(sent, { results: [{ status: 'rejected', seq: 0, error: { code: 'invalid_value' } }] });
        expect((await gather()).changes).toMatchObject([{ op: 'insert', values: { note: 'better' } }]);
      });
    });

    describe('sets aside a change for which alone a request was refused', () => {
      const tooLarge: Failure = { code: 'too_large', detail: 'status 413' };
      const only = async (id: string): Promise<Batch> => {
        const batch = await gather();
        return { ...batch, changes: batch.changes.filter((change) => change.id === id) };
      };

      it('and keeps it for the person, undone in its row, while the others wait on', async () => {
        add('w1');
        add('w2');
        const { tables } = value(await opened.store.setAside(await only('w1'), tooLarge));
        expect(tables).toMatchObject({
          vocabulary_item: { sent: 1, received: 0, failed: 1, conflicts: 0, errors: [tooLarge] },
        });
        expect((await gather()).changes).toMatchObject([{ id: 'w2' }]);
        expect(all('SELECT id FROM vocabulary_item')).toEqual([{ id: 'w2' }]);
        expect(all('SELECT row_id, op, code, column_name, rejected_at FROM rejected_change')).toEqual([
          { row_id: 'w1', op: 'insert', code: 'too_large', column_name: null, rejected_at: start },
        ]);
      });

      it('and puts back what was before an edit', async () => {
        add('w1');
        await acknowledged(3);
        run(`UPDATE vocabulary_item SET note = 'refused' WHERE id = 'w1'`);
        const { tables } = value(await opened.store.setAside(await only('w1'), { code: 'invalid' }));
        expect(tables['vocabulary_item']!.errors).toEqual([{ code: 'invalid' }]);
        expect(all('SELECT note, _seq FROM vocabulary_item')).toEqual([{ note: '', _seq: 3 }]);
        expect(all('SELECT values_json FROM rejected_change')).toEqual([{ values_json: '{"note":"refused"}' }]);
      });

      it('but not what was edited again meanwhile', async () => {
        add('w1');
        const sent = await only('w1');
        run(`UPDATE vocabulary_item SET note = 'better' WHERE id = 'w1'`);
        value(await opened.store.setAside(sent, tooLarge));
        expect((await gather()).changes).toMatchObject([{ op: 'insert', values: { note: 'better' } }]);
        expect(all('SELECT row_id FROM rejected_change')).toEqual([]);
      });

      it('and stays the device that the server knows, which has merged nothing of it', async () => {
        add('w1');
        await acknowledged(3);
        const before = (await gather()).writers;
        add('w2');
        value(await opened.store.setAside(await only('w2'), tooLarge));
        expect((await gather()).writers.slice(0, before.length)).toEqual(before);
      });

      it('but nothing once the account was left (I7)', async () => {
        add('w1');
        const sent = await only('w1');
        opened.database.write((sql) => sql.run(`UPDATE sync_state SET user_id = 'ben'`), 'sync');
        expect(await opened.store.setAside(sent, tooLarge)).toMatchObject({ error: { code: 'storage_busy' } });
        expect((await gather()).changes).toHaveLength(1);
      });
    });

    describe('applies rows', () => {
      it('that are new, newer and deleted, without making them dirty', async () => {
        await apply(await gather(), {
          changes: [wordPage({ id: 'w1', seq: 1, note: 'a' }, { id: 'w2', seq: 2, note: 'b' })],
          cursor: 2,
        });
        await apply(await gather(), {
          changes: [wordPage({ id: 'w1', seq: 3, note: 'newer' }, { id: 'w2', seq: 4, deleted: true })],
          cursor: 4,
        });
        expect(all('SELECT id, note, _seq FROM vocabulary_item')).toEqual([{ id: 'w1', note: 'newer', _seq: 3 }]);
        expect(await gather()).toMatchObject({ changes: [], cursor: 4 });
      });

      it('with the default where a value is not there or does not fit its column', async () => {
        const page = wordPage({ id: 'w1', seq: 1 }, { id: 'w2', seq: 2 }, { id: 'w3', seq: 3 });
        const changes = [
          {
            ...page,
            columns: [...page.columns, 'reps', 'stability', 'last_review_at'],
            values: [...page.values, [1.5, 'many', 2], ['x', null, 0.5], [null, '1', 5]],
          },
        ];
        await apply(await gather(), { changes, cursor: 3 });
        expect(all('SELECT id, reps, stability, last_review_at FROM vocabulary_item ORDER BY id')).toEqual([
          { id: 'w1', reps: 0, stability: 0, last_review_at: null },
          { id: 'w2', reps: 0, stability: 0, last_review_at: null },
          { id: 'w3', reps: 2, stability: 0.5, last_review_at: 5 },
        ]);
      });

      it('never over a row that is newer already', async () => {
        await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 5, note: 'new' })], cursor: 5 });
        await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 4, note: 'old' })], cursor: 5 });
        expect(all('SELECT note FROM vocabulary_item')).toEqual([{ note: 'new' }]);
      });

      it('around dirty columns', async () => {
        await apply(await gather(), {
          changes: [wordPage({ id: 'w1', seq: 1, note: 'a', translation: 'b' })],
          cursor: 1,
        });
        run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'w1'`);
        await apply(noChanges(await gather()), {
          changes: [wordPage({ id: 'w1', seq: 2, note: 'theirs', translation: 'theirs' })],
          cursor: 2,
        });
        expect(all('SELECT note, translation FROM vocabulary_item')).toEqual([{ note: 'mine', translation: 'theirs' }]);
        expect((await gather()).changes).toMatchObject([{ values: { note: 'mine' }, base: { note: [1, 'a'] } }]);
      });

      it('and leaves a row that waits for its deletion deleted', async () => {
        await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 1, note: 'a' })], cursor: 1 });
        run(`DELETE FROM vocabulary_item WHERE id = 'w1'`);
        await apply(noChanges(await gather()), { changes: [wordPage({ id: 'w1', seq: 2, note: 'b' })], cursor: 2 });
        expect(all('SELECT id FROM vocabulary_item')).toEqual([]);
        expect((await gather()).changes).toMatchObject([{ op: 'delete', baseSeq: 1 }]);
      });

      it('and keeps an edited row that was deleted elsewhere until the server decided', async () => {
        await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 1, note: 'a' })], cursor: 1 });
        run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'w1'`);
        await apply(noChanges(await gather()), { changes: [wordPage({ id: 'w1', seq: 2, deleted: true })], cursor: 2 });
        expect(all('SELECT note FROM vocabulary_item')).toEqual([{ note: 'mine' }]);
      });

      it('of tables and columns that it does not know, by leaving those out', async () => {
        const page = wordPage({ id: 'w1', seq: 1, note: 'a' });
        const wider = { ...page, columns: [...page.columns, 'colour'], values: [...page.values, ['green']] };
        const other: RowPage = {
          table: 'sticker',
          ids: ['s'],
          seqs: [2],
          deleted: [],
          columns: ['a'],
          values: [['b']],
        };
        await apply(await gather(), { changes: [wider, other], cursor: 2 });
        expect(all('SELECT note FROM vocabulary_item')).toEqual([{ note: 'a' }]);
      });

      it('and finds them by full text', async () => {
        await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 1, note: 'corazón' })], cursor: 1 });
        opened.database.indexNewRows();
        const found = all(`SELECT rowid FROM vocabulary_item_fts WHERE vocabulary_item_fts MATCH 'corazon'`);
        expect(found).toHaveLength(1);
      });

      it('of a large page, around what is dirty, deleted, newer or older here', async () => {
        const before = ['edited', 'removed', 'gone', 'old', 'newer'].map((id, at) => ({ id, seq: at + 1, note: 'b' }));
        await apply(await gather(), { changes: [wordPage(...before)], cursor: 5 });
        run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'edited'`);
        run(`DELETE FROM vocabulary_item WHERE id = 'removed'`);
        run(`UPDATE vocabulary_item SET _seq = 9000, note = 'ahead' WHERE id = 'newer'`);
        add('added');
        const page = largePage([
          { id: 'edited', note: 'theirs', translation: 'theirs' },
          { id: 'removed', note: 'theirs' },
          { id: 'gone', deleted: true },
          { id: 'old', note: 'theirs' },
          { id: 'newer', note: 'theirs' },
          { id: 'added', note: 'theirs' },
          { id: 'never', deleted: true },
        ]);
        await apply(noChanges(await gather()), { changes: [page], cursor: 5_000 });
        expect(all(`SELECT id, note, translation FROM vocabulary_item WHERE id NOT LIKE 'w%' ORDER BY id`)).toEqual([
          { id: 'added', note: '', translation: '' },
          { id: 'edited', note: 'mine', translation: 'theirs' },
          { id: 'newer', note: 'ahead', translation: '' },
          { id: 'old', note: 'theirs', translation: '' },
        ]);
        expect(all(`SELECT count(*) AS count, min(_seq) AS least FROM vocabulary_item WHERE id LIKE 'w%'`)).toEqual([
          { count: page.ids.length - 7, least: 18 },
        ]);
        expect((await gather()).changes.map(({ id, op }) => `${op} ${id}`).sort()).toEqual([
          'delete removed',
          'insert added',
          'update edited',
        ]);
        await apply(noChanges(await gather()), { changes: [page], cursor: 5_000 });
        expect(all('SELECT count(*) AS count FROM vocabulary_item')).toEqual([{ count: page.ids.length - 3 }]);
      });

      it('that come packed as those that do not', async () => {
        const page = largePage([
          { id: 'edited', note: 'theirs' },
          { id: 'gone', deleted: true },
          { id: 'é', note: '漢' },
        ]);
        const typed = (name: string, value: (index: number) => string | number | null) =>
          [name, page.ids.map((_, index) => (page.deleted.includes(index) ? null : value(index)))] as const;
        const more = [
          typed('reps', (index) => (index === 1_000 ? 0.5 : index)),
          typed('stability', (index) => index / 8),
          typed('lapses', () => 3),
          typed('last_review_at', (index) => (index % 2 === 0 ? null : index)),
          typed('difficulty', (index) => (index === 7 ? 'hard' : 1.5)),
          typed('card_state', () => 'none'),
          typed('language', (index) => (index === 9 ? 5 : 'fr')),
          typed('scheduled_days', (index) => `day ${index}`),
          typed('colour', (index) => index),
        ];
        const changes: RowPage[] = [
          {
            ...page,
            columns: [...page.columns, ...more.map(([name]) => name)],
            values: [...page.values, ...more.map(([, values]) => values)],
          },
          { table: 'sticker', ids: ['s'], seqs: [9_000], deleted: [], columns: ['a'], values: [['b']] },
        ];
        const stored = async (reply: Partial<SyncReply>) => {
          const { tables } = await apply(noChanges(await gather()), { ...reply, cursor: 9_000 });
          const words = all('SELECT * FROM vocabulary_item ORDER BY _seq, id').map(({ _rowid, ...word }) => word);
          opened.database.write((sql) => {
            sql.run(`DELETE FROM vocabulary_item`);
            sql.run('DELETE FROM outbox');
            sql.run('UPDATE sync_state SET cursor = 0');
          }, 'sync');
          return { words, received: Object.values(tables).map(({ received }) => received) };
        };
        const edit = () => {
          add('edited');
          run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'edited'`);
        };
        edit();
        const plainly = await stored({ changes });
        edit();
        const { words, received } = await stored({ packed: [packPages(changes)!] });
        expect(received).toEqual(plainly.received);
        expect(words.slice(1)).toEqual(plainly.words.slice(1));
        expect(words).toHaveLength(page.ids.length - 1);
        expect(words.find(({ id }) => id === 'edited')).toMatchObject({ note: 'mine' });
      });

      it('and nothing of a reply whose packed rows are damaged (I6)', async () => {
        const packed = packPages([wordPage({ id: 'w1', seq: 1 }), wordPage({ id: 'w2', seq: 2 })])!;
        const sent = await gather();
        for (const bytes of [packed.slice(0, -1), new Uint8Array(3)]) {
          const applied = await opened.store.apply(sent, { ...emptyReply, packed: [bytes], cursor: 2 });
          expect(applied).toMatchObject({ ok: false, error: { code: 'bad_reply' } });
        }
        expect(all('SELECT id FROM vocabulary_item')).toEqual([]);
        expect((await gather()).cursor).toBe(0);
        await apply(sent, { packed: [packed], cursor: 2 });
        expect(all('SELECT id FROM vocabulary_item')).toEqual([{ id: 'w1' }, { id: 'w2' }]);
      });

      it('of a large page with the default where a value does not fit its column', async () => {
        const page = largePage([]);
        const reps = page.ids.map((_, index) => (index === 1_000 ? 'many' : index));
        const changes = [{ ...page, columns: [...page.columns, 'reps'], values: [...page.values, reps] }];
        await apply(await gather(), { changes, cursor: 5_000 });
        expect(all(`SELECT id, reps FROM vocabulary_item WHERE reps <> _seq - 11`)).toEqual([{ id: 'w1000', reps: 0 }]);
      });

      it('twice with the same outcome (I5)', async () => {
        add('mine');
        const sent = await gather();
        const reply: Partial<SyncReply> = {
          results: [{ status: 'applied', seq: 2 }],
          changes: [wordPage({ id: 'w1', seq: 1, note: 'a' })],
          cursor: 2,
        };
        await apply(sent, reply);
        const once = all('SELECT id, note, _seq FROM vocabulary_item ORDER BY id');
        await apply(sent, reply);
        expect(all('SELECT id, note, _seq FROM vocabulary_item ORDER BY id')).toEqual(once);
        expect((await gather()).changes).toEqual([]);
      });
    });

    describe('keeps time', () => {
      it('after every stamp that the account has seen', async () => {
        const ahead = stampAt(start + 60_000);
        await apply(await gather(), { clock: ahead });
        add('w1');
        expect((await gather()).changes[0]!.stamp).toBeGreaterThan(ahead);
      });

      it('by the clock of the server where its own is wrong', async () => {
        await apply(await gather(), { serverTime: start + 86_400_000 });
        add('w1');
        expect((await gather()).changes[0]!.stamp).toBeGreaterThanOrEqual(stampAt(start + 86_400_000));
      });

      it('and moves refused stamps back in their order, after all that the server may have seen', async () => {
        add('before');
        now = start + 86_400_000;
        add('first');
        run(`UPDATE vocabulary_item SET note = 'edited' WHERE id = 'before'`);
        add('second');
        value(await opened.store.correctClock(start));
        const { changes } = await gather();
        const at = (id: string): Change => changes.find((change) => change.id === id)!;
        for (const change of changes)
          expect(latestStamp(change)).toBeLessThanOrEqual(stampAt(start + limits.clockAhead));
        expect(at('before').stamp).toBeLessThan(at('first').stamp);
        expect(at('first').stamp).toBeLessThan(at('before').stamps!['note']!);
        expect(at('before').stamps!['note']!).toBeLessThan(at('second').stamp);
        add('third');
        const third = (await gather()).changes.find((change) => change.id === 'third')!;
        expect(third.stamp).toBeGreaterThan(at('second').stamp);
        expect(third.stamp).toBeLessThanOrEqual(stampAt(start + limits.clockAhead));
      });
    });

    it('moves refused stamps back around a record that is damaged', async () => {
      now = start + 86_400_000;
      add('w1');
      add('w2');
      run(`UPDATE outbox SET stamps = '{' WHERE id = 'w1'`);
      value(await opened.store.correctClock(start));
      const [kept] = all(`SELECT stamps FROM outbox WHERE id = 'w1'`);
      expect(kept).toEqual({ stamps: '{' });
      const { changes } = await gather();
      expect(changes.map(({ id }) => id)).toEqual(['w2']);
      expect(changes[0]!.stamp).toBeLessThanOrEqual(stampAt(start + limits.clockAhead));
    });

    it('moves refused stamps to after a state that was sent, whose answer was lost, and that was edited again', async () => {
      now = start + limits.clockAhead - 1_000;
      add('w1');
      const sent = (await gather()).changes[0]!.stamp;
      run(`DELETE FROM vocabulary_item WHERE id = 'w1'`);
      now = start + 86_400_000;
      add('w1');
      value(await opened.store.correctClock(start));
      expect((await gather()).changes[0]!.stamp).toBeGreaterThan(sent);
    });

    describe('takes a new id', () => {
      it('when another device has its own, and keeps what waits (I2)', async () => {
        add('w1');
        const before = await gather();
        value(await opened.store.takeNewId());
        const after = await gather();
        expect(after.device).not.toBe(before.device);
        expect(after.changes).toEqual(before.changes);
        expect(after.writers).not.toEqual(before.writers);
        expect(all('SELECT notice FROM sync_state')).toEqual([{ notice: 'copied' }]);
        expect(
          await opened.store.apply(before, { ...emptyReply, results: [{ status: 'applied', seq: 1 }] }),
        ).toMatchObject({ error: { code: 'storage_busy' } });
        expect((await gather()).changes).toEqual(before.changes);
      });
    });

    describe('names its states', () => {
      it('by who edited and the latest edit, from the one that was answered for', async () => {
        add('w1');
        const first = await gather();
        expect(first.writers).toHaveLength(1);
        expect(first.writers[0]![1]).toBe(first.changes[0]!.stamp);
        await apply(first, { results: [{ status: 'applied', seq: 1 }] });
        run(`UPDATE vocabulary_item SET note = 'x' WHERE id = 'w1'`);
        const second = await gather();
        expect(second.writers).toEqual([[first.writers[0]![0], second.changes[0]!.stamp]]);
      });

      it('anew once stamps were corrected, so that a late copy of the refused request counts for nothing', async () => {
        now = start + 86_400_000;
        add('w1');
        const refused = (await gather()).writers;
        value(await opened.store.correctClock(start));
        const corrected = (await gather()).writers;
        expect(corrected).toHaveLength(1);
        expect(corrected[0]![0]).not.toBe(refused[0]![0]);
      });
    });

    describe('loads everything anew', () => {
      const two = [wordPage({ id: 'w1', seq: 1, note: 'a' }, { id: 'w2', seq: 2, note: 'b' })];
      const ids = () => all('SELECT id FROM vocabulary_item ORDER BY id').map(({ id }) => id);
      const reload = async (cause: 'away' | 'retired' | 'restored', common = 0): Promise<void> => {
        value(await opened.store.beginReload({ cause, common }));
      };

      it('and removes in the end what the server no longer has, never before', async () => {
        await apply(await gather(), { changes: two, cursor: 2, head: 2 });
        await reload('away');
        expect(await gather()).toMatchObject({ cursor: 0, known: 0, epoch: '', changes: [] });
        expect(ids()).toEqual(['w1', 'w2']);
        await apply(await gather(), { changes: [wordPage({ id: 'w2', seq: 2, note: 'b' })], cursor: 2, more: true });
        expect(ids()).toEqual(['w1', 'w2']);
        await apply(await gather(), { changes: [wordPage({ id: 'w3', seq: 3 })], cursor: 3 });
        expect(ids()).toEqual(['w2', 'w3']);
        expect((await gather()).changes).toEqual([]);
        expect(all('SELECT reload, notice FROM sync_state')).toEqual([{ reload: null, notice: 'away' }]);
      });

      it('and keeps edits that wait, also of a row that the server no longer has', async () => {
        await apply(await gather(), { changes: two, cursor: 2, head: 2 });
        run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'w1'`);
        await reload('away');
        add('w4');
        const { changes } = await gather();
        expect(changes).toMatchObject([
          { id: 'w1', values: { note: 'mine' } },
          { id: 'w4', op: 'insert' },
        ]);
        await apply(noChanges(await gather()), { cursor: 5 });
        expect(ids()).toEqual(['w1', 'w4']);
        expect((await gather()).changes).toEqual(changes);
      });

      it('and keeps what it sent meanwhile, which the pull leaves out', async () => {
        await apply(await gather(), { changes: two, cursor: 2, head: 2 });
        run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'w1'`);
        await reload('away');
        await apply(await gather(), { results: [{ status: 'applied', seq: 3 }], cursor: 3, more: false });
        expect(ids()).toEqual(['w1']);
      });

      it('and takes no answer from before, which would end the load too soon', async () => {
        await apply(await gather(), { changes: two, cursor: 2, head: 2 });
        const before = await gather();
        await reload('away');
        expect(await opened.store.apply(before, { ...emptyReply, cursor: 2 })).toMatchObject({ ok: false });
        expect(ids()).toEqual(['w1', 'w2']);
      });

      it('under a new id when it was retired', async () => {
        const { device } = await gather();
        await reload('retired');
        expect((await gather()).device).not.toBe(device);
      });

      it('and brings back what a restored server lost, as a device of its own, below any edit (I4)', async () => {
        await apply(await gather(), { changes: two, cursor: 2, head: 2 });
        run(`UPDATE vocabulary_item SET note = 'mine' WHERE id = 'w2'`);
        const { device } = await gather();
        await reload('restored', 1);
        const again = await gather();
        expect(again.device).not.toBe(device);
        expect(again.changes).toMatchObject([
          { id: 'w2', op: 'insert', stamp: 2, baseSeq: 1, values: { note: 'mine' } },
        ]);
        expect(again.changes[0]!.stamps!['note']).toBeGreaterThan(2);
        await apply(again, {
          results: [{ status: 'applied', seq: 9 }],
          changes: [wordPage({ id: 'w1', seq: 1, note: 'a' })],
          cursor: 9,
        });
        expect(ids()).toEqual(['w1', 'w2']);
        expect(all(`SELECT _seq FROM vocabulary_item WHERE id = 'w2'`)).toEqual([{ _seq: 9 }]);
      });

      it.each([
        ['restored', ['w1'], ['w1']],
        ['away', [], []],
      ] as const)(
        'and a row that was answered for and had not come yet is not taken for the server’s (%s)',
        async (cause, sent, left) => {
          add('w1');
          await apply(await gather(), { results: [{ status: 'duplicate', seq: 0 }], cursor: 0, head: 2, more: true });
          await reload(cause, 0);
          expect((await gather()).changes.map(({ id }) => id)).toEqual(sent);
          await apply(noChanges(await gather()), { cursor: 2 });
          expect(ids()).toEqual(left);
        },
      );

      it('and bases edits on no more than a restored server still has', async () => {
        await apply(await gather(), { changes: two, cursor: 2, head: 2 });
        await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 5, note: 'newer' })], cursor: 5, head: 5 });
        run(`DELETE FROM vocabulary_item WHERE id = 'w1'`);
        await reload('restored', 3);
        expect((await gather()).changes).toMatchObject([{ id: 'w1', op: 'delete', baseSeq: 3 }]);
      });

      it('and sends again what a restored server has otherwise, though no newer', async () => {
        await apply(await gather(), { changes: two, cursor: 2, head: 2 });
        await reload('restored', 2);
        await apply(await gather(), {
          changes: [wordPage({ id: 'w1', seq: 1, note: 'older' })],
          cursor: 1,
          more: true,
        });
        expect((await gather()).changes).toMatchObject([{ id: 'w1', op: 'insert', values: { note: 'a' } }]);
      });

      it('from the beginning again when it has to begin a second time', async () => {
        await apply(await gather(), { changes: two, cursor: 2, head: 2 });
        await reload('away');
        await apply(await gather(), { changes: two, cursor: 2, more: true });
        await reload('away');
        await apply(await gather(), { changes: [wordPage({ id: 'w2', seq: 2, note: 'b' })], cursor: 2 });
        expect(ids()).toEqual(['w2']);
      });
    });

    describe('goes on where a table fails', () => {
      const forbid = (note: string): void =>
        opened.database.write((sql) => {
          sql.run(`CREATE TRIGGER forbid BEFORE INSERT ON vocabulary_item WHEN NEW.note = '${note}'
            BEGIN SELECT RAISE(ABORT, 'refused here'); END`);
        }, 'sync');
      const allow = (): void => opened.database.write((sql) => void sql.run('DROP TRIGGER forbid'), 'sync');

      it('by setting a refused row aside, whole, and storing the others (I6)', async () => {
        forbid('bad');
        const page = wordPage({ id: 'w1', seq: 1, note: 'good' }, { id: 'w2', seq: 2, note: 'bad' });
        const { tables } = await apply(await gather(), { changes: [page], cursor: 2 });
        expect(tables['vocabulary_item']).toMatchObject({
          received: 2,
          failed: 1,
          errors: [{ code: 'storage_failed' }],
        });
        expect(tables['vocabulary_item']!.errors[0]!.detail).toContain('refused here');
        expect(all('SELECT note FROM vocabulary_item')).toEqual([{ note: 'good' }]);
        expect((await gather()).cursor).toBe(2);
        allow();
        await apply(await gather(), { cursor: 2 });
        expect(all('SELECT note, _seq FROM vocabulary_item ORDER BY id')).toEqual([
          { note: 'good', _seq: 1 },
          { note: 'bad', _seq: 2 },
        ]);
        expect(all('SELECT id FROM held_row')).toEqual([]);
      });

      it.each(['as JSON', 'packed'])('of a large page too, %s', async (form) => {
        opened.database.driver.exec(`CREATE UNIQUE INDEX refusing ON vocabulary_item (note) WHERE note <> 'fine'`);
        const page = largePage(
          [
            { id: 'one', note: 'bad' },
            { id: 'two', note: 'fine' },
            { id: 'three', note: 'bad' },
          ],
          'fine',
        );
        const rows = form === 'packed' ? { packed: [packPages([page])!] } : { changes: [page] };
        await apply(await gather(), { ...rows, cursor: 5_000 });
        expect(all('SELECT count(*) AS count FROM vocabulary_item')).toEqual([{ count: page.ids.length - 1 }]);
        expect(all('SELECT id, seq FROM held_row')).toEqual([{ id: 'three', seq: 13 }]);
        expect((await gather()).cursor).toBe(5_000);
      });

      it('and a newer state of the row, or its deletion, takes the place of what was set aside', async () => {
        forbid('bad');
        const bad = [wordPage({ id: 'w1', seq: 1, note: 'bad' }, { id: 'w2', seq: 2, note: 'bad' })];
        await apply(await gather(), { changes: bad, cursor: 2 });
        const newer = [wordPage({ id: 'w1', seq: 3, note: 'fine' }, { id: 'w2', seq: 4, deleted: true })];
        await apply(await gather(), { changes: newer, cursor: 4 });
        allow();
        await apply(await gather(), { cursor: 4 });
        expect(all('SELECT id, note FROM vocabulary_item')).toEqual([{ id: 'w1', note: 'fine' }]);
        expect(all('SELECT id FROM held_row')).toEqual([]);
      });

      it('and an edit over what was set aside, which the server took, is set aside with it (I3)', async () => {
        await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 1, note: 'fine' })], cursor: 1 });
        forbid('bad');
        await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 2, note: 'bad' })], cursor: 2 });
        run(`UPDATE vocabulary_item SET translation = 'edited' WHERE id = 'w1'`);
        await acknowledged(3);
        allow();
        await apply(await gather(), { cursor: 3 });
        expect(all('SELECT note, translation, _seq FROM vocabulary_item')).toEqual([
          { note: 'bad', translation: 'edited', _seq: 3 },
        ]);
        expect(all('SELECT id FROM held_row')).toEqual([]);
      });

      it('and what was set aside and can no longer be read is pulled again, an edit over it included (I6)', async () => {
        await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 1, note: 'fine' })], cursor: 1 });
        forbid('bad');
        const page = wordPage({ id: 'w1', seq: 2, note: 'bad' }, { id: 'w2', seq: 3, note: 'bad' });
        await apply(await gather(), { changes: [page], cursor: 5 });
        run(`UPDATE vocabulary_item SET translation = 'edited' WHERE id = 'w1'`);
        run(`UPDATE held_row SET row = '{"note":' WHERE id = 'w1'`);
        await acknowledged(6);
        expect((await gather()).changes).toEqual([]);
        value(await opened.store.record(report, { at: null, attempts: 0 }));
        expect((await gather()).cursor).toBe(1);
        expect(all('SELECT id FROM held_row')).toEqual([{ id: 'w2' }]);
      });

      it('and what was set aside does not come over an edit that was just answered for, with another one waiting', async () => {
        await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 1, note: 'fine' })], cursor: 1 });
        forbid('bad');
        await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 2, note: 'bad' })], cursor: 2 });
        run(`UPDATE vocabulary_item SET translation = 'edited' WHERE id = 'w1'`);
        const sent = await gather();
        run(`UPDATE vocabulary_item SET word = 'later' WHERE id = 'w1'`);
        await apply(sent, { results: [{ status: 'applied', seq: 3 }], cursor: 3 });
        expect(all('SELECT note, translation, word, _seq FROM vocabulary_item')).toEqual([
          { note: 'bad', translation: 'edited', word: 'later', _seq: 3 },
        ]);
        expect((await gather()).changes).toMatchObject([{ id: 'w1', values: { word: 'later' } }]);
      });

      it('and forgets what was set aside of a row whose deletion the server took', async () => {
        await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 1, note: 'fine' })], cursor: 1 });
        forbid('bad');
        await apply(await gather(), { changes: [wordPage({ id: 'w1', seq: 2, note: 'bad' })], cursor: 2 });
        run(`DELETE FROM vocabulary_item WHERE id = 'w1'`);
        allow();
        await acknowledged(3);
        await apply(await gather(), { cursor: 3 });
        expect(all('SELECT id FROM vocabulary_item')).toEqual([]);
        expect(all('SELECT id FROM held_row')).toEqual([]);
      });

      it('by leaving a damaged record in the outbox and sending the others', async () => {
        add('w1');
        await acknowledged(1);
        run(`UPDATE vocabulary_item SET note = 'x' WHERE id = 'w1'`);
        run(`UPDATE outbox SET stamps = '{' WHERE id = 'w1'`);
        run(`INSERT INTO setting (id, key, value) VALUES ('s1', 'theme', '1')`);
        const { changes, unread } = await gather();
        expect(changes).toMatchObject([{ id: 's1' }]);
        expect(unread).toMatchObject({ vocabulary_item: { count: 1, errors: [{ code: 'storage_failed' }] } });
      });
    });

    it('records runs, and how many failed in a row', async () => {
      const failed: SyncReport = { ...report, error: { code: 'offline', detail: 'no route' } };
      value(await opened.store.record(failed, { at: start + 5_000, attempts: 2 }));
      expect((await gather()).attempts).toBe(2);
      expect(all('SELECT next_attempt_at, last_error, last_sync_at FROM sync_state')).toEqual([
        { next_attempt_at: start + 5_000, last_error: 'offline', last_sync_at: null },
      ]);
      value(await opened.store.record(report, { at: null, attempts: 0 }));
      expect(all('SELECT attempts, last_error, last_sync_at FROM sync_state')).toEqual([
        { attempts: 0, last_error: null, last_sync_at: report.finishedAt },
      ]);
      expect(all('SELECT processed, error FROM sync_run ORDER BY id')).toEqual([
        { processed: 3, error: 'offline' },
        { processed: 3, error: null },
      ]);
    });
  });
}

const emptyReply: SyncReply = {
  ...{ results: [], changes: [], cursor: 0, epoch: 'e', head: 0, more: false, clock: 0, serverTime: start },
};

const report: SyncReport = {
  direction: 'both',
  processed: 3,
  succeeded: 3,
  failed: 0,
  conflicts: 0,
  tables: {
    vocabulary_item: {
      ...{ processed: 3, succeeded: 3, failed: 0, conflicts: 0 },
      ...{ errors: [], duration: 12, bytes: 300 },
    },
  },
  reload: null,
  startedAt: start,
  finishedAt: start + 40,
  bytesSent: 10,
  bytesReceived: 20,
  error: null,
};

/** As if the request had carried nothing: rows arrive while the changes still wait. */
function noChanges(batch: Batch): Batch {
  return { ...batch, changes: [] };
}

interface PageRow {
  readonly id: string;
  readonly seq: number;
  readonly note?: string;
  readonly translation?: string;
  readonly deleted?: boolean;
}

function wordPage(...rows: readonly PageRow[]): RowPage {
  const column = (read: (row: PageRow) => string | number) => rows.map((row) => (row.deleted ? null : read(row)));
  return {
    table: 'vocabulary_item',
    ids: rows.map((row) => row.id),
    seqs: rows.map((row) => row.seq),
    deleted: rows.flatMap((row, index) => (row.deleted ? [index] : [])),
    columns: ['language', 'word', 'translation', 'note', 'created_at', 'due_at'],
    values: [
      column(() => 'es'),
      column((row) => row.id),
      column((row) => row.translation ?? ''),
      column((row) => row.note ?? ''),
      column(() => 1),
      column(() => 1),
    ],
  };
}

function value<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(`expected a value, got ${JSON.stringify(result.error)}`);
  return result.value;
}

/** As a page of a first load is: these rows, from sequence 11, and 2,500 others. */
function largePage(rows: readonly Omit<PageRow, 'seq'>[], note = ''): RowPage {
  const others = Array.from({ length: 2_500 }, (_, index) => ({ id: `w${index + rows.length}`, note }));
  return wordPage(...[...rows, ...others].map((row, index) => ({ ...row, seq: 11 + index })));
}
