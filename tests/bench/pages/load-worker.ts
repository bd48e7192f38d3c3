/**
 * What a first load takes in the database worker alone, without network: a ready file imported by plain sqlite-wasm, or the
 * pages of a server stored by the product. Each job runs in a new worker on a pool of its own.
 */
import sqlite3InitModule from '@sqlite.org/sqlite-wasm';
import { Database } from '../../../src/client/db/database.ts';
import { openOpfsPool } from '../../../src/client/db/drivers/opfs-pool.ts';
import { createSyncStore } from '../../../src/client/db/sync-store.ts';
import { parsePackedReply } from '../../../src/protocol/parse-reply.ts';
import { countFileCalls } from './file-calls.ts';

export type LoadJob =
  | { readonly kind: 'import'; readonly url: string }
  /** Bodies of packed replies, one after the other. */
  | { readonly kind: 'store'; readonly urls: readonly string[] };

export interface LoadTimes {
  /** Milliseconds from the worker's first line until all rows can be asked for; of `store`, without getting them. */
  readonly took: number;
  readonly rows: number;
  readonly calls: number;
}

const count = 'SELECT count(*) FROM vocabulary_item';

self.onmessage = ({ data }: MessageEvent<LoadJob>) => {
  (data.kind === 'import' ? importFile(data.url) : storePages(data.urls)).then(
    (times) => self.postMessage(times),
    reportError,
  );
};

async function importFile(url: string): Promise<LoadTimes> {
  const started = performance.now();
  const calls = countFileCalls();
  const fetched = fetch(url).then((response) => response.arrayBuffer());
  const sqlite3 = await sqlite3InitModule();
  const pool = await sqlite3.installOpfsSAHPoolVfs({ directory: '/bench-load' });
  await pool.importDb('/ready.db', await fetched);
  const rows = Number(new pool.OpfsSAHPoolDb('/ready.db').selectValue(count));
  return { took: performance.now() - started, rows, calls: total(calls()) };
}

async function storePages(urls: readonly string[]): Promise<LoadTimes> {
  const bodies = await Promise.all(urls.map(async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer())));
  const calls = countFileCalls();
  const wait = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
  const driver = await openOpfsPool({ wait, directory: '/bench-load' });
  const opened = Database.open({ driver, clock: { now: () => Date.now() }, newId: () => 'benchmark' });
  if (!opened.ok) throw new Error(opened.error);
  const database = opened.value;
  database.write((sql) => sql.run(`UPDATE sync_state SET user_id = 'ada'`), 'sync');
  const store = createSyncStore(database);
  const before = total(calls());
  const started = performance.now();
  for (const body of bodies) {
    const [batch, reply] = [await store.gather('both'), parsePackedReply(body)];
    if (!batch.ok || !reply.ok) throw new Error('a page cannot be read');
    const applied = await store.apply(batch.value, reply.value);
    if (!applied.ok) throw new Error(applied.error.detail);
  }
  const [[rows]] = database.read((sql) => sql.arrays(count)) as [[number]];
  return { took: performance.now() - started, rows, calls: total(calls()) - before };
}

function total({ reads, writes, flushes }: ReturnType<ReturnType<typeof countFileCalls>>): number {
  return reads + writes + flushes;
}
