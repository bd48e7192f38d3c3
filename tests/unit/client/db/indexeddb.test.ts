import { IDBFactory, IDBObjectStore } from 'fake-indexeddb';
import initSqlJs from 'sql.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver } from '../../../../src/client/db/driver.ts';
import { openIndexedDb } from '../../../../src/client/db/drivers/indexeddb.ts';
import { openTestDatabase } from '../../../support/client-database.ts';

let indexedDB: IDBFactory;
beforeEach(() => {
  indexedDB = new IDBFactory();
});
afterEach(() => vi.restoreAllMocks());

const open = (): Promise<Driver> => openIndexedDb({ load: () => initSqlJs(), indexedDB });
const values = (driver: Driver): unknown[] =>
  driver
    .prepare('SELECT a FROM t ORDER BY a')
    .arrays()
    .map(([a]) => a);

describe('the database in IndexedDB', () => {
  it('comes back as it was when it was last persisted', async () => {
    const driver = await open();
    driver.exec('CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)');
    await driver.persist();
    driver.exec('INSERT INTO t VALUES (2)');
    await driver.close();
    const again = await open();
    expect(values(again)).toEqual([1]);
    await again.close();
  });

  it('keeps the former image when storing the next one fails, says so, and stores it the next time', async () => {
    const driver = await open();
    driver.exec('CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)');
    await driver.persist();
    driver.exec('INSERT INTO t VALUES (2)');
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(() => {
      throw new DOMException('no space', 'QuotaExceededError');
    });
    expect(await driver.persist()).toMatchObject({ ok: false, error: { code: 'storage_full' } });
    const other = await open();
    expect(values(other)).toEqual([1]);
    await other.close();
    expect(await driver.persist()).toMatchObject({ ok: true });
    expect(put).toHaveBeenCalledTimes(2);
    await driver.close();
    const again = await open();
    expect(values(again)).toEqual([1, 2]);
    await again.close();
  });

  it('stores nothing when nothing was written', async () => {
    const driver = await open();
    driver.exec('CREATE TABLE t (a INTEGER)');
    await driver.persist();
    const put = vi.spyOn(IDBObjectStore.prototype, 'put');
    const select = driver.prepare('SELECT count(*) FROM t');
    select.arrays();
    await driver.persist();
    expect(put).not.toHaveBeenCalled();
    await driver.close();
  });

  it('stores what several asked for at once in order, and closes after that', async () => {
    const driver = await open();
    driver.exec('CREATE TABLE t (a INTEGER)');
    const persists = [1, 2, 3].map((a) => {
      driver.exec(`INSERT INTO t VALUES (${String(a)})`);
      return driver.persist();
    });
    await driver.close();
    expect((await Promise.all(persists)).every((done) => done.ok)).toBe(true);
    const again = await open();
    expect(values(again)).toEqual([1, 2, 3]);
    await again.close();
  });

  it('is the app’s database with all it does', async () => {
    const db = openTestDatabase(await open());
    db.mutate('words.add', { language: 'de', words: [{ word: 'Übung', translation: 'exercise' }], at: db.clock.time });
    expect(db.query('words.list', { search: 'ubu', limit: 5, offset: 0 })).toHaveLength(1);
    const [due] = db.query('reviews.due', { now: db.clock.time, dayStart: 0, newCards: null, limit: 5 });
    db.mutate('reviews.grade', { reviewId: 'r', wordId: due!.id, rating: 3, at: db.clock.time, duration: 1 });
    expect(db.query('summary.get', { now: db.clock.time, dayStart: 0 })[0]).toMatchObject({
      words: 1,
      reviewed_today: 1,
    });
    const stamps = db.rows('SELECT stamp, typeof(stamp) AS kind FROM outbox');
    expect(stamps.every(({ stamp, kind }) => kind === 'integer' && Number.isSafeInteger(stamp))).toBe(true);
    await db.close();
  });

  it('cannot be had where IndexedDB is refused', async () => {
    vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('refused', 'SecurityError');
    });
    await expect(open()).rejects.toMatchObject({ name: 'StorageError', code: 'storage_failed' });
  });
});
