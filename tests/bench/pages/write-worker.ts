/**
 * Part 1a: one contender writes the same rows into a pool of its own: ours through `Database`, plain sqlite-wasm by its
 * `oo1` API or by our statements. Each starts in a new worker, so that none runs on code that another has warmed up.
 */
import sqlite3InitModule, { type Database as PlainDb, type SAHPoolUtil } from '@sqlite.org/sqlite-wasm';
import { Database } from '../../../src/client/db/database.ts';
import { openOpfsPool } from '../../../src/client/db/drivers/opfs-pool.ts';
import { openWasmHandle } from '../../../src/client/db/drivers/wasm-statement.ts';
import { createSchema } from '../../../src/schema/ddl.ts';
import { countFileCalls, type FileCalls } from './file-calls.ts';
import { insertWord, makeWords, valuesOf } from '../rows.ts';
import type { Value } from '../../../src/base/value.ts';

/** `raw`: plain SQLite, but with our code for binding values. */
export type Contender = 'ours' | 'ours-without-fts' | 'ours-without-capture' | 'ours-without-both' | 'plain' | 'raw';

export interface WriteJob {
  readonly contender: Contender;
  readonly seed: number;
  /** Rows stored before the single writes; the first 10,000 are timed. */
  readonly fill: number;
  readonly singles: number;
}

/** Milliseconds. */
export interface WriteTimes {
  /** 10,000 rows in batches of 1,000. */
  readonly batches: number;
  readonly singles: number;
  /** Of the single writes. */
  readonly calls: FileCalls;
}

interface Writer {
  /** What a writer has left for a quiet moment is part of its price. */
  finish(): void;
  batch(rows: readonly Value[][]): void;
  single(row: readonly Value[]): void;
}

const batchRows = 1_000;
const timedRows = 10_000;

self.onmessage = ({ data }: MessageEvent<WriteJob>) => {
  run(data).then((times) => self.postMessage(times), reportError);
};

async function run(job: WriteJob): Promise<WriteTimes> {
  const calls = countFileCalls();
  const rows = makeWords(job.fill + job.singles, job.seed).map(valuesOf);
  const writer = await (job.contender.startsWith('ours') ? openOurs(job.contender) : openPlain(job.contender));
  let batches = 0;
  const started = performance.now();
  for (let from = 0; from < job.fill; from += batchRows) {
    writer.batch(rows.slice(from, from + batchRows));
    if (from + batchRows === timedRows) {
      writer.finish();
      batches = performance.now() - started;
    }
  }
  writer.finish();
  const earlier = calls();
  const before = performance.now();
  for (const row of rows.slice(job.fill)) writer.single(row);
  writer.finish();
  const singles = performance.now() - before;
  const { reads, writes, flushes } = calls();
  return {
    batches,
    singles,
    calls: {
      reads: reads - earlier.reads,
      writes: writes - earlier.writes,
      flushes: flushes - earlier.flushes,
    },
  };
}

async function openOurs(contender: Contender): Promise<Writer> {
  const wait = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
  const without = (part: string) => contender === `ours-without-${part}` || contender === 'ours-without-both';
  const driver = await openOpfsPool({ wait, directory: `/bench-${contender}` });
  const opened = Database.open({ driver, clock: { now: () => Date.now() }, newId: () => 'benchmark' });
  if (!opened.ok) throw new Error(opened.error);
  if (without('fts')) for (const event of ['deleted', 'updated']) dropTrigger(`_fts_${event}`);
  if (without('capture')) for (const event of ['inserted', 'deleted', 'updated']) dropTrigger(`_${event}`);
  function dropTrigger(name: string): void {
    driver.exec(`DROP TRIGGER vocabulary_item${name}`);
  }
  const database = opened.value;
  return {
    batch: (rows) => database.write((sql) => sql.runMany(insertWord, rows)),
    single: (row) => void database.write((sql) => sql.run(insertWord, row)),
    finish: () => {
      if (!without('fts')) database.indexNewRows();
    },
  };
}

/** The same table and indexes, nothing else. */
async function openPlain(contender: Contender): Promise<Writer> {
  const sqlite3 = await sqlite3InitModule();
  const pool: SAHPoolUtil = await sqlite3.installOpfsSAHPoolVfs({ directory: `/bench-${contender}` });
  const db = new pool.OpfsSAHPoolDb('/bench.db');
  for (const pragma of ['locking_mode = exclusive', 'journal_mode = wal', 'synchronous = normal']) {
    db.exec(`PRAGMA ${pragma}`);
  }
  db.exec('PRAGMA temp_store = memory; PRAGMA cache_size = -16384');
  const ours = createSchema('fts5').filter((sql) => /^CREATE (TABLE|INDEX) vocabulary_item(_by_\w+)? /.test(sql));
  for (const sql of ours) db.exec(sql);
  return contender === 'raw' ? rawWriter(sqlite3, db) : plainWriter(db);
}

function plainWriter(db: PlainDb): Writer {
  const statement = db.prepare(insertWord);
  return {
    batch(rows) {
      db.transaction(() => {
        for (const row of rows) statement.bind(row).stepReset();
      });
    },
    single: (row) => void statement.bind(row as Value[]).stepReset(),
    finish: () => undefined,
  };
}

function rawWriter(sqlite3: Parameters<typeof openWasmHandle>[0]['sqlite3'], db: PlainDb): Writer {
  const handle = openWasmHandle({ sqlite3, db: db.pointer! });
  const statement = handle.prepare(insertWord);
  const begin = handle.prepare('BEGIN');
  const commit = handle.prepare('COMMIT');
  return {
    batch(rows) {
      begin.run();
      statement.runMany(rows);
      commit.run();
    },
    single: (row) => void statement.run(row),
    finish: () => undefined,
  };
}
