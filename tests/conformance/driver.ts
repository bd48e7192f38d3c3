/** What every `Driver` has to do, whichever SQLite is under it. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Value } from '../../src/base/value.ts';
import { StorageError, type Driver } from '../../src/client/db/driver.ts';
import { createSchema, fullTextCatchUp } from '../../src/schema/ddl.ts';

export interface DriverUnderTest {
  readonly name: string;
  /** Opens the one database of this test; a second call opens the same again. */
  readonly open: () => Promise<Driver>;
  readonly reset: () => Promise<void>;
  /** Whether what was persisted is there after closing and opening. */
  readonly persistent: boolean;
  /** sql.js decodes text without `ignoreBOM`: U+FEFF at the start of a text is lost there. */
  readonly losesByteOrderMark?: boolean;
}

/** The last digit is lost wherever a value passes through 15 decimal digits. */
const largeStamp = 1_838_509_600_000_001;

export function describeDriver(subject: DriverUnderTest): void {
  describe(`the driver ${subject.name}`, () => {
    let driver: Driver;
    beforeEach(async () => {
      await subject.reset();
      driver = await subject.open();
    });
    afterEach(() => driver.close());

    const rows = (sql: string, params: readonly Value[] = []): Value[][] => {
      const statement = driver.prepare(sql);
      try {
        return statement.arrays(params);
      } finally {
        statement.finalize();
      }
    };
    const table = (): void => driver.exec('CREATE TABLE t (a INTEGER, b TEXT, c REAL) STRICT');

    describe('values', () => {
      it.each<[string, Value]>([
        ['null', null],
        ['zero', 0],
        ['a small integer', -7],
        ['the largest 32-bit integer', 2 ** 31 - 1],
        ['one more than that', 2 ** 31],
        ['the smallest 32-bit integer', -(2 ** 31)],
        ['a stamp', largeStamp],
        ['the largest safe integer', Number.MAX_SAFE_INTEGER],
        ['the smallest safe integer', Number.MIN_SAFE_INTEGER],
      ])('gives back %s from an integer column', (_, value) => {
        table();
        driver.prepare('INSERT INTO t (a) VALUES (?)').run([value]);
        expect(rows('SELECT a, typeof(a) FROM t')).toEqual([[value, value === null ? 'null' : 'integer']]);
      });

      it.each([0.1, -1.5, 1e300, 5e-324, 3, 123_456.789])('gives back %d from a real column', (value) => {
        table();
        driver.prepare('INSERT INTO t (c) VALUES (?)').run([value]);
        expect(rows('SELECT c FROM t')).toEqual([[value]]);
      });

      it.each<[string, string]>([
        ['nothing', ''],
        ['ASCII', 'the house'],
        ['a NUL in its midst', 'a\0b'],
        ['accents after ASCII', 'plain then ünï'],
        ['letters outside the basic plane', '𝒳😀漢字'],
        ['two hundred thousand letters', 'é'.repeat(200_000)],
        ['quotes', `it's "so"`],
      ])('gives back a text with %s', (_, value) => {
        table();
        driver.prepare('INSERT INTO t (b) VALUES (?)').run([value]);
        expect(rows('SELECT b FROM t WHERE b = ?', [value])).toEqual([[value]]);
      });

      it.skipIf(subject.losesByteOrderMark)('gives back a text with a byte order mark at its start', () => {
        expect(rows('SELECT ?', ['\ufeffword'])).toEqual([['\ufeffword']]);
      });

      it('gives back any well-formed text', () => {
        table();
        const insert = driver.prepare('INSERT INTO t (b) VALUES (?)');
        const select = driver.prepare('SELECT b FROM t WHERE rowid = last_insert_rowid()');
        fc.assert(
          fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
            fc.pre(!subject.losesByteOrderMark || !text.startsWith('\ufeff'));
            insert.run([text]);
            expect(select.arrays()).toEqual([[text]]);
          }),
        );
      });

      it('keeps every text of a row apart from the others', () => {
        table();
        driver.exec('CREATE TABLE three (x TEXT, y TEXT, z TEXT) STRICT');
        const insert = driver.prepare('INSERT INTO three VALUES (?, ?, ?)');
        insert.runMany([
          ['one', 'ünö', 'three'],
          ['x'.repeat(9_000), '', 'y'.repeat(9_000)],
          ['short', 'again', ''],
        ]);
        expect(rows('SELECT x, y, z FROM three')).toEqual([
          ['one', 'ünö', 'three'],
          ['x'.repeat(9_000), '', 'y'.repeat(9_000)],
          ['short', 'again', ''],
        ]);
      });
    });

    describe('statements', () => {
      it('tell how many rows they changed', () => {
        table();
        const insert = driver.prepare('INSERT INTO t (a) VALUES (?)');
        expect(insert.run([1])).toBe(1);
        insert.runMany([[2], [3]]);
        expect(driver.prepare('UPDATE t SET b = ? WHERE a > ?').run(['x', 1])).toBe(2);
        expect(driver.prepare('DELETE FROM t WHERE a = 9').run()).toBe(0);
      });

      it('give rows as objects and as arrays', () => {
        table();
        driver.exec(`INSERT INTO t VALUES (1, 'x', 0.5), (2, NULL, 1.5)`);
        const select = driver.prepare('SELECT a, b AS name, c FROM t ORDER BY a');
        expect(select.all()).toEqual([
          { a: 1, name: 'x', c: 0.5 },
          { a: 2, name: null, c: 1.5 },
        ]);
        expect(select.arrays()).toEqual([
          [1, 'x', 0.5],
          [2, null, 1.5],
        ]);
      });

      it('can be run again after an error', () => {
        table();
        driver.exec('CREATE UNIQUE INDEX only ON t (a)');
        const insert = driver.prepare('INSERT INTO t (a) VALUES (?)');
        insert.run([1]);
        expect(() => insert.run([1])).toThrow(StorageError);
        expect(insert.run([2])).toBe(1);
      });

      it('run rows that are made as they go', () => {
        table();
        function* numbers(): Generator<readonly Value[]> {
          for (let n = 0; n < 500; n++) yield [n, `n${String(n)}`];
        }
        driver.prepare('INSERT INTO t (a, b) VALUES (?, ?)').runMany(numbers());
        expect(rows('SELECT count(*), max(b) FROM t')).toEqual([[500, 'n99']]);
      });

      it('see the columns that were added since they were prepared', () => {
        table();
        driver.exec('INSERT INTO t (a) VALUES (1)');
        const select = driver.prepare('SELECT * FROM t');
        expect(select.all()).toEqual([{ a: 1, b: null, c: null }]);
        driver.exec(`ALTER TABLE t ADD COLUMN d TEXT DEFAULT 'new'`);
        expect(select.all()).toEqual([{ a: 1, b: null, c: null, d: 'new' }]);
      });
    });

    describe('errors', () => {
      it('are storage errors with what SQLite said', () => {
        expect(() => driver.exec('SELECT a FROM nowhere')).toThrow(/no such table: nowhere/);
        expect(() => driver.prepare('SELEKT')).toThrow(StorageError);
      });

      it('of a full database are told apart', () => {
        table();
        const [pages] = rows('PRAGMA page_count');
        driver.exec(`PRAGMA max_page_count = ${String(Number(pages![0]) + 2)}`);
        const insert = driver.prepare('INSERT INTO t (b) VALUES (?)');
        let failure: unknown;
        try {
          for (let i = 0; i < 100; i++) insert.run(['x'.repeat(4_000)]);
        } catch (error) {
          failure = error;
        }
        expect(failure).toMatchObject({ name: 'StorageError', code: 'storage_full' });
      });
    });

    describe('transactions', () => {
      it('leave nothing when rolled back', () => {
        table();
        driver.exec('BEGIN IMMEDIATE');
        driver.prepare('INSERT INTO t (a) VALUES (?)').run([1]);
        driver.exec('ROLLBACK');
        expect(rows('SELECT count(*) FROM t')).toEqual([[0]]);
      });
    });

    describe('functions', () => {
      it('are called by triggers, and their integers keep all digits, in JSON too', () => {
        driver.defineFunction('now_stamp', () => largeStamp);
        driver.exec(`CREATE TABLE log (stamp INTEGER NOT NULL, json TEXT) STRICT`);
        table();
        driver.exec(`CREATE TRIGGER logged AFTER INSERT ON t BEGIN
  INSERT INTO log VALUES (now_stamp(), json_object('a', now_stamp())); END`);
        driver.exec('INSERT INTO t (a) VALUES (1)');
        const [row] = rows('SELECT stamp, json FROM log');
        expect(row![0]).toBe(largeStamp);
        expect(JSON.parse(String(row![1]))).toEqual({ a: largeStamp });
      });

      it('are asked each time', () => {
        let calls = 0;
        driver.defineFunction('counted', () => (calls += 1));
        const select = driver.prepare('SELECT counted()');
        select.arrays();
        expect(select.arrays()).toEqual([[2]]);
      });
    });

    describe('the schema', () => {
      it('is made whole, and full text finds the beginnings of words with accents folded', () => {
        driver.defineFunction('local_stamp', () => largeStamp);
        for (const sql of createSchema(driver.fullText)) driver.exec(sql);
        const insert = driver.prepare(
          'INSERT INTO vocabulary_item (id, language, word, translation, created_at, due_at) VALUES (?, ?, ?, ?, 0, 0)',
        );
        insert.runMany([
          ['1', 'de', 'Übung', 'exercise'],
          ['2', 'de', 'Haus', 'house'],
        ]);
        driver.prepare(fullTextCatchUp('vocabulary_item')!.indexNext).run([10]);
        const find = driver.prepare('SELECT rowid FROM vocabulary_item_fts WHERE vocabulary_item_fts MATCH ?');
        expect(find.arrays(['ubu*'])).toEqual([[1]]);
        driver.prepare('UPDATE vocabulary_item SET word = ? WHERE id = ?').run(['Gebäude', '2']);
        expect(find.arrays(['haus*'])).toEqual([]);
        expect(find.arrays(['gebau*'])).toEqual([[2]]);
        driver.prepare('DELETE FROM vocabulary_item WHERE id = ?').run(['1']);
        expect(find.arrays(['ubu*'])).toEqual([]);
        expect(rows('SELECT id, stamp FROM outbox ORDER BY id')).toEqual([
          ['1', largeStamp],
          ['2', largeStamp],
        ]);
      });
    });

    describe('new rows', () => {
      const insert = (ids: readonly string[], some = ids.map((_, row) => row)): number[] | undefined => {
        const texts = ids.map((_, row) => 'ü'.repeat(row % 3));
        return driver.insertNew?.({
          table: 't',
          columns: ['id', 'a', 'b', 'c', 'd', 'e', 'f'],
          cells: [
            { kind: 'values', values: ids },
            { kind: 'numbers', values: Float64Array.from(ids, (_, row) => largeStamp + row) },
            { kind: 'texts', ...packedTexts(texts) },
            { kind: 'numbers', values: Float64Array.from(ids, (_, row) => row + 0.5) },
            { kind: 'same', value: 'Übung' },
            { kind: 'same', value: null },
            { kind: 'values', values: ids.map((id, row) => (row % 2 === 0 ? id : null)) },
          ],
          rows: some,
        });
      };
      const named = (count: number, prefix = 'id'): string[] =>
        Array.from({ length: count }, (_, row) => `${prefix}-${row}`);
      beforeEach(() => {
        driver.exec(`CREATE TABLE t (id TEXT NOT NULL UNIQUE, a INTEGER, b TEXT NOT NULL UNIQUE ON CONFLICT ABORT, c REAL,
          d TEXT, e TEXT, f TEXT) STRICT`);
        driver.exec(`CREATE TABLE woken (id TEXT)`);
        driver.exec(`CREATE TRIGGER t_inserted AFTER INSERT ON t BEGIN INSERT INTO woken VALUES (NEW.id); END`);
      });
      const free = (): void =>
        driver.exec(
          'DROP TABLE t; CREATE TABLE t (id TEXT NOT NULL UNIQUE, a INTEGER, b TEXT, c REAL, d TEXT, e TEXT, f TEXT) STRICT',
        );

      it('go in from columns of every kind, as they are bound one by one', () => {
        free();
        const ids = named(47);
        const left = insert(ids);
        if (left === undefined) return;
        expect(left).toEqual([]);
        expect(rows('SELECT * FROM t ORDER BY rowid')).toEqual(
          ids.map((id, row) => [
            ...[id, largeStamp + row, 'ü'.repeat(row % 3), row + 0.5],
            ...['Übung', null, row % 2 === 0 ? id : null],
          ]),
        );
        expect(rows('SELECT DISTINCT typeof(a), typeof(b), typeof(c) FROM t')).toEqual([['integer', 'text', 'real']]);
      });

      it('are only those that are asked for', () => {
        free();
        if (insert(named(50), [3, 49])) expect(rows('SELECT id FROM t')).toEqual([['id-3'], ['id-49']]);
      });

      it('leave what is there, and tell what they may have left', () => {
        free();
        insert(named(30));
        const ids = [...named(30, 'new'), ...named(30), ...named(30, 'late')];
        const left = insert(ids);
        if (left === undefined) return;
        const found = new Set(rows('SELECT id FROM t').map(([id]) => id));
        const missing = ids.flatMap((id, row) => (found.has(id) ? [] : [row]));
        expect(missing.every((row) => left.includes(row))).toBe(true);
        expect(left).toEqual(expect.arrayContaining(Array.from({ length: 30 }, (_, row) => 30 + row)));
        expect(left).not.toContain(0);
      });

      it('leave what the table refuses', () => {
        const left = insert(named(5));
        if (left === undefined) return;
        expect(left).toEqual([3, 4]);
        expect(rows('SELECT count(*) FROM t')).toEqual([[3]]);
      });

      it('wake no trigger, which later writes do again, after an error too', () => {
        if (insert(['one']) === undefined) return;
        expect(rows('SELECT id FROM woken')).toEqual([]);
        const cells = [
          { kind: 'same', value: 'x' },
          { kind: 'same', value: 'y' },
          { kind: 'same', value: 'no number' },
        ] as const;
        const wrong = { columns: ['id', 'b', 'a'], cells, rows: [0] };
        expect(() => driver.insertNew?.({ ...wrong, table: 't' })).toThrow(StorageError);
        expect(() => driver.insertNew?.({ ...wrong, table: 'nowhere' })).toThrow(StorageError);
        driver.exec(`INSERT INTO t (id, b) VALUES ('two', 'b')`);
        expect(rows('SELECT id FROM woken')).toEqual([['two']]);
      });
    });

    describe('closing', () => {
      it.runIf(subject.persistent)('keeps what was persisted', async () => {
        table();
        driver.exec(`INSERT INTO t VALUES (1, 'kept', 2.5)`);
        expect(await driver.persist()).toEqual({ ok: true, value: null });
        await driver.close();
        driver = await subject.open();
        expect(rows('SELECT a, b, c FROM t')).toEqual([[1, 'kept', 2.5]]);
      });

      it('finalizes statements that are still open', async () => {
        table();
        driver.prepare('SELECT * FROM t').arrays();
        await driver.close();
        driver = await subject.open();
        expect(rows('SELECT 1')).toEqual([[1]]);
      });
    });
  });
}

function packedTexts(texts: readonly string[]): { bytes: Uint8Array; ends: Uint32Array } {
  let end = 0;
  const ends = Uint32Array.from(texts, (text) => (end += new TextEncoder().encode(text).length));
  return { bytes: new TextEncoder().encode(texts.join('')), ends };
}
