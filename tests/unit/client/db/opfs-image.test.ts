/** Direct mode's file handling: a stop of the service worker before any swap leaves a whole file (I8). */
import initSqlite, { type Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Driver } from '../../../../src/client/db/driver.ts';
import { openImage } from '../../../../src/client/db/drivers/opfs-image.ts';
import type { Value } from '../../../../src/base/value.ts';
import { clientFiles } from '../../../support/client-file.ts';
import { fakePool, poolContent } from '../../../support/fake-opfs.ts';

const main = '/lorikeet.db';
const log = `${main}-wal`;
const insert = `INSERT INTO setting (id, key, value) VALUES (?, ?, '1')`;

let sqlite3: Sqlite3Static;
beforeAll(async () => {
  sqlite3 = await initSqlite();
});

describe('an image of the pool file', () => {
  it('has what a killed worker left in the write-ahead log, folds it in and empties it', async () => {
    const pool = killedWorker();
    const image = await open(pool);
    expect(keys(image)).toEqual(['from the log']);
    await image.close();
    expect(poolContent(pool.file(log))).toHaveLength(0);
    expect(poolContent(pool.file(main)).length).toBeGreaterThan(0);
    expect(pool.file(main).swaps).toBe(1);
  });

  it('stores what is persisted, and nothing else', async () => {
    const pool = killedWorker();
    const image = await open(pool);
    image.defineFunction('local_stamp', () => 5);
    image.prepare(insert).run(['b', 'persisted']);
    expect(await image.persist()).toEqual({ ok: true, value: null });
    image.prepare(insert).run(['c', 'not persisted']);
    await image.close();
    const reopened = await open(pool);
    expect(keys(reopened)).toEqual(['from the log', 'persisted']);
    await reopened.close();
  });

  it('does not touch the file when nothing changed', async () => {
    const pool = fakePool({ [main]: clientFiles(() => undefined).database });
    const image = await open(pool);
    await image.persist();
    await image.close();
    expect(pool.file(main).swaps).toBe(0);
  });

  it.each([1, 2, 3])('stopped before swap %i, leaves a whole file from which the next run goes on', async (stop) => {
    const pool = killedWorker();
    let swaps = 0;
    for (const path of [main, log]) {
      pool.file(path).beforeClose = () => {
        swaps += 1;
        if (swaps >= stop) throw new Error('stopped');
      };
    }
    await runUntilStopped(pool);
    expect(swaps).toBeGreaterThanOrEqual(stop);
    for (const path of [main, log]) pool.file(path).beforeClose = null;

    const reopened = await open(pool);
    expect(one(reopened, 'PRAGMA integrity_check')).toBe('ok');
    expect(keys(reopened)).toEqual(['from the log']);
    await reopened.close();
  });

  it('is not opened when there is no file, or it is too large, or a rollback journal is left', async () => {
    const { database } = clientFiles(() => undefined);
    const none = fakePool({});
    expect(await tryOpen(none)).toEqual({ ok: true, value: null });
    const large = fakePool({ [main]: database });
    expect(await tryOpen(large, 1_000)).toMatchObject({ error: { code: 'storage_too_large' } });
    const journalled = fakePool({ [main]: database, [`${main}-journal`]: new Uint8Array(512) });
    expect(await tryOpen(journalled)).toMatchObject({ error: { code: 'storage_busy' } });
  });

  it('says that the storage is full when a swap meets the quota', async () => {
    const pool = killedWorker();
    const image = await open(pool);
    image.defineFunction('local_stamp', () => 5);
    image.prepare(insert).run(['b', 'too much']);
    pool.file(main).beforeClose = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    expect(await image.persist()).toMatchObject({ ok: false, error: { code: 'storage_full' } });
    await image.close();
  });
});

type Pool = ReturnType<typeof fakePool>;

/** A pool as a killed worker leaves it: a commit that is only in the log. */
function killedWorker(): Pool {
  const files = clientFiles((connection) => connection.prepare(insert).run('a', 'from the log'));
  return fakePool({ [main]: files.database, [log]: files.log });
}

async function runUntilStopped(pool: Pool): Promise<void> {
  const opened = await tryOpen(pool);
  if (!opened.ok || !opened.value) return;
  opened.value.defineFunction('local_stamp', () => 5);
  opened.value.prepare(insert).run(['b', 'new']);
  expect((await opened.value.persist()).ok).toBe(false);
  await opened.value.close();
}

function tryOpen(pool: Pool, maxBytes = 1e9): ReturnType<typeof openImage> {
  return openImage({ sqlite3, pool: pool.directory, path: main, maxBytes });
}

async function open(pool: Pool): Promise<Driver> {
  const opened = await tryOpen(pool);
  if (!opened.ok || !opened.value) throw new Error('the image opens');
  return opened.value;
}

function keys(image: Driver): Value[] {
  return image
    .prepare('SELECT key FROM setting ORDER BY id')
    .arrays()
    .map(([key]) => key!);
}

function one(image: Driver, sql: string): Value | undefined {
  return image.prepare(sql).arrays()[0]?.[0];
}
