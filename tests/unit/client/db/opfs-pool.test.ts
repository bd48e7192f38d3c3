/**
 * The pool driver on sqlite-wasm's own pool, with a disk in memory: what a kill leaves at any of its writes, a full disk,
 * and how many calls a transaction costs.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../../../src/client/db/database.ts';
import { StorageError, type Driver } from '../../../../src/client/db/driver.ts';
import { openOpfsPool, poolFile, startSqlite } from '../../../../src/client/db/drivers/opfs-pool.ts';
import { FakeDisk, initBrowserSqlite } from '../../../support/fake-sync-opfs.ts';

const logFile = `${poolFile}-wal`;
const wait = (): Promise<void> => Promise.reject(new Error('nobody else holds the files'));

async function open(disk: FakeDisk): Promise<Driver> {
  disk.mount();
  return openOpfsPool({ wait, sqlite: startSqlite(initBrowserSqlite) });
}

/** Numbers stored, and that the file is whole. */
function stored(driver: Driver): number[] {
  const check = driver.prepare('PRAGMA integrity_check');
  expect(check.arrays()).toEqual([['ok']]);
  check.finalize();
  const select = driver.prepare('SELECT n FROM t ORDER BY n');
  const numbers = select.arrays().map(([n]) => Number(n));
  select.finalize();
  return numbers;
}

async function storedOn(disk: FakeDisk): Promise<number[]> {
  const driver = await open(disk);
  try {
    return stored(driver);
  } finally {
    await driver.close();
  }
}

const filler = 'x'.repeat(1_500);

it('is opened by the app anew without a write, after an end that closed nothing', async () => {
  const openApp = async (disk: FakeDisk, device: string): Promise<Database> => {
    const opened = Database.open({ driver: await open(disk), clock: { now: () => 1 }, newId: () => device });
    if (!opened.ok) throw new Error('the file is newer than the app');
    return opened.value;
  };
  const disk = new FakeDisk();
  const first = await openApp(disk, 'first');
  const left = disk.copy();
  const writesLeft = left.writes;
  const second = await openApp(left, 'second');
  expect(left.writes).toBe(writesLeft);
  expect(second.read((sql) => sql.arrays('SELECT device FROM sync_state'))).toEqual([['first']]);
  await second.close();
  await first.close();
});

describe('the pool on its disk', () => {
  let disk: FakeDisk;
  let driver: Driver;
  let insert: (n: number) => void;
  beforeEach(async () => {
    disk = new FakeDisk();
    driver = await open(disk);
    driver.exec('CREATE TABLE t (n INTEGER NOT NULL UNIQUE, text TEXT NOT NULL) STRICT');
    const statement = driver.prepare('INSERT INTO t VALUES (?, ?)');
    insert = (n) => void statement.run([n, filler]);
  });
  afterEach(() => driver.close());

  const transaction = (numbers: readonly number[], end: 'COMMIT' | 'ROLLBACK' = 'COMMIT'): void => {
    driver.exec('BEGIN IMMEDIATE');
    for (const n of numbers) insert(n);
    driver.exec(end);
  };

  it('writes a transaction to its log in one call, and is read back by another start', async () => {
    insert(1);
    const before = disk.writes;
    transaction([2, 3, 4, 5]);
    expect(disk.writes - before).toBe(1);
    await driver.close();
    driver = await open(disk);
    expect(stored(driver)).toEqual([1, 2, 3, 4, 5]);
  });

  it('loses nothing that was acknowledged and shows no half transaction, killed at any byte of any write', async () => {
    const acknowledged: number[][] = [];
    const left: { disk: FakeDisk; least: number; most: number }[] = [];
    let running = 0;
    disk.onWrite = ({ file, bytes, at }) => {
      const part = Math.floor((bytes.length * (left.length % 5)) / 4);
      const copy = disk.copy();
      copy.root
        .filesWithin()
        .find(({ name }) => name === file.name)!
        .put(bytes.subarray(0, part), at);
      left.push({ disk: copy, least: acknowledged.length, most: running });
      return bytes.length;
    };
    // Small enough to fold the log back into the file, and to write in the midst of a transaction.
    driver.exec('PRAGMA wal_autocheckpoint = 20; PRAGMA cache_size = 10');
    const sizes = [1, 1, 3, 1, 40, 2, 1, 9];
    let next = 1;
    for (const size of sizes) {
      const numbers = Array.from({ length: size }, () => next++);
      running += 1;
      transaction(numbers);
      acknowledged.push(numbers);
    }
    disk.onWrite = ({ bytes }) => bytes.length;
    expect(left.length).toBeGreaterThan(sizes.length);
    const whole = sizes.map((_, index) => acknowledged.slice(0, index + 1).flat());
    const found = [];
    for (const { disk: copy, least, most } of left) {
      const numbers = await storedOn(copy);
      const count = whole.findIndex((all) => all.length === numbers.length) + 1;
      expect(numbers).toEqual(whole[count - 1] ?? []);
      expect(count).toBeGreaterThanOrEqual(least);
      expect(count).toBeLessThanOrEqual(most);
      found.push(count);
    }
    expect(new Set(found).size).toBeGreaterThan(sizes.length / 2);
    disk.mount();
  });

  it.each<[string, (bytes: Uint8Array) => number]>([
    [
      'refuses',
      () => {
        throw new DOMException('no room', 'QuotaExceededError');
      },
    ],
    ['takes a part', (bytes) => bytes.length - 7],
    ['takes nothing', () => 0],
  ])(
    'says that the disk is full when a write of the log %s, keeps what was there, and goes on later',
    async (_, end) => {
      transaction([1, 2]);
      disk.onWrite = ({ file, bytes }) => (file.poolPath === logFile ? end(bytes) : bytes.length);
      for (const numbers of [[3], [4, 5, 6]]) {
        let failure: unknown;
        try {
          transaction(numbers);
        } catch (error) {
          failure = error;
        }
        expect(failure).toBeInstanceOf(StorageError);
        expect(failure).toMatchObject({ code: 'storage_full' });
        expect(stored(driver)).toEqual([1, 2]);
        expect(await storedOn(disk.copy())).toEqual([1, 2]);
        disk.mount();
      }
      disk.onWrite = ({ bytes }) => bytes.length;
      transaction([7]);
      expect(stored(driver)).toEqual([1, 2, 7]);
      expect(await storedOn(disk.copy())).toEqual([1, 2, 7]);
      disk.mount();
    },
  );

  it('goes on after a transaction that was rolled back when a part of it had left memory', async () => {
    driver.exec('PRAGMA cache_size = 10');
    const many = Array.from({ length: 60 }, (_, n) => 100 + n);
    const before = disk.poolFile(logFile).bytes.length;
    transaction(many, 'ROLLBACK');
    transaction([1]);
    transaction(many);
    expect(disk.poolFile(logFile).bytes.length).toBeGreaterThan(before);
    expect(stored(driver)).toEqual([1, ...many]);
    expect(await storedOn(disk.copy())).toEqual([1, ...many]);
    disk.mount();
  });

  it('holds what a plain list holds, whatever is committed, rolled back, spilled, folded back or refused', async () => {
    const step = fc.record({
      size: fc.integer({ min: 1, max: 60 }),
      end: fc.constantFrom('COMMIT' as const, 'ROLLBACK' as const),
      cache: fc.constantFrom(10, 1_000),
      /** The how many-th write from here fails, if any. */
      fails: fc.option(fc.integer({ min: 0, max: 4 }), { nil: null, freq: 3 }),
      fold: fc.boolean(),
      again: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        disk.onWrite = ({ bytes }) => bytes.length;
        driver.exec('DELETE FROM t');
        let held: number[] = [];
        let next = 1;
        for (const { size, end, cache, fails, fold, again } of steps) {
          driver.exec(`PRAGMA cache_size = ${String(cache)}`);
          const numbers = Array.from({ length: size }, () => next++);
          let left = fails ?? Number.MAX_SAFE_INTEGER;
          disk.onWrite = ({ bytes }) => (left-- > 0 ? bytes.length : Math.floor(bytes.length / 2));
          let failed = false;
          try {
            driver.exec('BEGIN IMMEDIATE');
            for (const n of numbers) insert(n);
            // Pages that have left memory are written anew: SQLite then computes the checksums of the log anew.
            if (again) driver.exec(`UPDATE t SET text = text || 'y' WHERE n >= ${String(numbers[0])}`);
            driver.exec(end);
          } catch (error) {
            expect(error).toMatchObject({ code: 'storage_full' });
            failed = true;
          }
          disk.onWrite = ({ bytes }) => bytes.length;
          if (failed) rollBack(driver);
          else if (end === 'COMMIT') held = [...held, ...numbers];
          expect(stored(driver)).toEqual(held);
          if (fold) driver.exec('PRAGMA wal_checkpoint(RESTART)');
          expect(await storedOn(disk.copy())).toEqual(held);
          disk.mount();
        }
      }),
      { numRuns: 12 },
    );
  });
});

/** SQLite may have done it already. */
function rollBack(driver: Driver): void {
  try {
    driver.exec('ROLLBACK');
  } catch (error) {
    expect(String(error)).toContain('no transaction is active');
  }
}
