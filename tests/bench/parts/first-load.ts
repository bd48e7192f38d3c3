/**
 * Part 9: a new device of an account with 100,000 words, from asking until all of them can be asked for and are on disk;
 * without screens and in the app. Beside it, plain sqlite-wasm imports a ready file with the same rows and indexes, and
 * where the time goes: the server's part and the database worker's, each alone.
 */
import Database from 'better-sqlite3';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { limits } from '../../../src/protocol/limits.ts';
import { packPages, withHead } from '../../../src/protocol/packed-pages.ts';
import { createIndexes, createTables } from '../../../src/schema/ddl.ts';
import { currentSchema, schemaVersion } from '../../../src/schema/tables.ts';
import { openSqliteStore } from '../../../src/server/stores/sqlite/sqlite-store.ts';
import { stampAt } from '../../../src/sync/clock.ts';
import { ratio, type Series } from '../figures.ts';
import { call, type Lab } from '../lab.ts';
import type { LoadTimes } from '../pages/load-worker.ts';
import { RemoteDevice } from '../remote-device.ts';
import { removePool } from '../rounds.ts';
import { columnsOfWord, insertWord, makeWords, valuesOf, type BenchWord } from '../rows.ts';

const account = { name: 'Ada', password: 'correct horse' };
const targets = { time: 1_500, bytes: 5_500_000 };
const seed = 2;

export async function measureFirstLoad(lab: Lab): Promise<Series[]> {
  const rows = lab.quick ? 10_000 : 100_000;
  const rounds = lab.quick ? 2 : 5;
  const port = await lab.server();
  lab.say(`first-load: ${rows} words on the server`);
  await RemoteDevice.create(`http://localhost:${port}`, { ...account, words: rows, seed });
  const folder = await lab.servedFolder('bench-load');
  await writeReadyFile(join(folder, 'ready.db'), makeWords(rows, seed));
  const serving: ServerTimes[] = [];
  const loads: Load[] = [];
  const screens: ScreenLoad[] = [];
  const imports: LoadTimes[] = [];
  const stores: LoadTimes[] = [];
  for (let round = 0; round < rounds; round += 1) {
    lab.say(`first-load: round ${round + 1} of ${rounds}`);
    const { times, bodies } = await serve(lab, makeWords(rows, seed));
    serving.push(times);
    const urls = bodies.map((_, page) => `/bench-load/page-${page}.bin`);
    await Promise.all(bodies.map((body, page) => writeFile(join(folder, `page-${page}.bin`), body)));
    loads.push(await loadOnce(lab, port, rows));
    const page = await lab.benchPage(`http://localhost:${port}`, 'first-load-worker');
    imports.push(await call(page, 'load', { kind: 'import', url: '/bench-load/ready.db' }));
    await removePool(page, 'bench-load');
    stores.push(await call(page, 'load', { kind: 'store', urls }));
    await page.browser.close();
    screens.push(await loadOnScreen(lab, port, rows));
  }
  for (const { rows: found } of [...imports, ...stores])
    if (found !== rows) throw new Error(`${found} rows were stored`);
  const words = `${rows.toLocaleString('en')} words`;
  const all = loads.map(({ all: took }) => took);
  const plain = imports.map(({ took }) => took);
  return [
    { name: `${words}, without screens: until all are there`, unit: 'ms', samples: all, target: targets.time },
    {
      name: `${words}, without screens: until the list has its first`,
      unit: 'ms',
      samples: loads.map(({ first }) => first),
    },
    {
      name: `${words}: received`,
      unit: 'bytes',
      samples: loads.map(({ received }) => received),
      target: targets.bytes,
    },
    { name: `${words}: sent`, unit: 'bytes', samples: loads.map(({ sent }) => sent) },
    { name: `${words}: a ready file imported by plain sqlite-wasm`, unit: 'ms', samples: plain },
    ratio(`${words}: ours, without screens / a ready file`, { of: all, to: plain }),
    { name: `${words}, in the app: until all are there`, unit: 'ms', samples: screens.map((load) => load.all) },
    {
      name: `${words}, in the app: until the list shows its first`,
      unit: 'ms',
      samples: screens.map((load) => load.first),
    },
    { name: `${words}, in the app: longest block of the page`, unit: 'ms', samples: screens.map((load) => load.block) },
    { name: `${words}, the server alone: rows read`, unit: 'ms', samples: serving.map(({ read }) => read) },
    { name: `${words}, the server alone: packed`, unit: 'ms', samples: serving.map(({ pack }) => pack) },
    { name: `${words}, the server alone: compressed`, unit: 'ms', samples: serving.map(({ compress }) => compress) },
    { name: `${words}, the worker alone: stored`, unit: 'ms', samples: stores.map(({ took }) => took) },
    {
      name: `${words}, the worker alone: calls to the files`,
      unit: 'calls',
      samples: stores.map(({ calls }) => calls),
    },
  ];
}

interface Load {
  /** Milliseconds from the first sync being asked for. */
  readonly first: number;
  readonly all: number;
  readonly sent: number;
  readonly received: number;
}

async function loadOnce(lab: Lab, port: number, rows: number): Promise<Load> {
  const wire = await lab.wire(port);
  const page = await lab.benchPage(wire.origin, 'first-load');
  await call(page, 'open');
  // The database is open by then: a person has typed a password.
  await call(page, 'waiting');
  const [first, all] = [call(page, 'untilFirstWord'), call(page, 'untilWords', rows)];
  const before = wire.bytes;
  const began = await call(page, 'signIn', account.name, account.password);
  const load = { first: (await first) - began, all: (await all) - began };
  await call(page, 'untilIdle');
  const after = wire.bytes;
  await page.browser.close();
  return { ...load, sent: after.sent - before.sent, received: after.received - before.received };
}

interface ScreenLoad {
  /** Milliseconds from the tap on "Sign in". */
  readonly first: number;
  readonly all: number;
  /** Milliseconds; the browser tells of those of 50 and more, so 0 is less than that. */
  readonly block: number;
}

/** As a person's new device. */
async function loadOnScreen(lab: Lab, port: number, rows: number): Promise<ScreenLoad> {
  const context = await lab.drivenBrowser(await lab.folder('first-load-app'));
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(`http://localhost:${port}/settings`);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.getByRole('button', { name: 'Sign in instead' }).click();
  await page.getByLabel('Name', { exact: true }).fill(account.name);
  await page.getByLabel('Password', { exact: true }).fill(account.password);
  await page.evaluate(
    (total) => {
      const seen = { began: 0, first: 0, all: 0, block: 0 };
      Object.assign(globalThis, { seen });
      addEventListener('click', () => (seen.began ||= performance.now()), { once: true, capture: true });
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) seen.block = Math.max(seen.block, duration);
      }).observe({ type: 'longtask' });
      new MutationObserver(() => {
        if (seen.first === 0 && document.querySelector('a.word')) seen.first = performance.now();
        if (seen.all === 0 && document.querySelector('main')?.textContent?.includes(total))
          seen.all = performance.now();
      }).observe(document, { childList: true, subtree: true, characterData: true });
    },
    `${rows.toLocaleString('en')} words`,
  );
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page
    .getByRole('navigation', { name: 'Main' })
    .getByRole('link', { name: /^Words/ })
    .click();
  const handle = await page.waitForFunction(
    () => {
      const { seen } = globalThis as unknown as { seen: Record<'began' | 'first' | 'all' | 'block', number> };
      return seen.all > 0 ? seen : null;
    },
    null,
    { timeout: 300_000, polling: 100 },
  );
  const { began, first, all, block } = (await handle.jsonValue())!;
  await page.evaluate(() => navigator.locks.request('lorikeet-sync', () => undefined));
  await context.close();
  return { first: first - began, all: all - began, block };
}

/** Milliseconds. */
interface ServerTimes {
  readonly read: number;
  readonly pack: number;
  readonly compress: number;
}

/** What the server does for one load, in this process: its times, and the replies as a device has them. */
async function serve(lab: Lab, words: readonly BenchWord[]): Promise<{ times: ServerTimes; bodies: Uint8Array[] }> {
  const opened = openSqliteStore({ file: join(await lab.folder('first-load'), 'lorikeet.db'), newId: randomUUID });
  if (!opened.ok) throw new Error(opened.error);
  const store = opened.value;
  await store.createAccount({ id: 'ada', name: 'Ada', nameKey: 'ada', passwordHash: '', now: 0 });
  const stamp = stampAt(Date.now());
  const from = { user: 'ada', device: 'a', schema: schemaVersion, session: null, writers: [], epoch: '', known: 0 };
  for (let at = 0; at < words.length; at += limits.pushChanges) {
    const changes = words.slice(at, at + limits.pushChanges).map((word) => ({
      ...{ table: 'vocabulary_item', id: word.id, op: 'insert' as const, stamp, baseSeq: 0 },
      values: columnsOfWord(word),
    }));
    await store.exchange({ ...from, cursor: 0, changes, limit: 0, now: Date.now() });
  }
  const times = { read: 0, pack: 0, compress: 0 };
  const bodies: Uint8Array[] = [];
  for (let cursor = 0, more = true; more;) {
    const started = performance.now();
    const pulled = await store.exchange({ ...from, device: 'b', cursor, changes: [], limit: limits.pullRows, now: 0 });
    if (!pulled.ok) throw new Error(pulled.error.code);
    const read = performance.now();
    const { changes, changed: _changed, ...rest } = pulled.value;
    const body = withHead({ ...rest, changes: [], serverTime: Date.now() }, [packPages(changes)!]);
    const packed = performance.now();
    brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 2 } });
    times.read += read - started;
    times.pack += packed - read;
    times.compress += performance.now() - packed;
    bodies.push(body);
    ({ cursor, more } = pulled.value);
  }
  await store.close();
  return { times, bodies };
}

/** The app's own tables and indexes, in one file without a log. */
async function writeReadyFile(file: string, words: readonly BenchWord[]): Promise<void> {
  const db = new Database(':memory:');
  for (const sql of [...createTables('fts5', currentSchema), ...createIndexes(currentSchema)]) db.exec(sql);
  const insert = db.prepare(insertWord);
  db.transaction(() => {
    for (const word of words) insert.run(...valuesOf(word));
  })();
  await writeFile(file, db.serialize());
  db.close();
}
