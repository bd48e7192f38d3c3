/**
 * The engine's own work on the client database, without network: pulled rows applied, dirty rows gathered and acknowledged.
 * The product goes through its `SyncStore`; beside it stand other ways to say the same to SQLite (engine-ways.ts). Every job
 * runs in a new worker on a pool of its own.
 */
import { Database } from '../../../src/client/db/database.ts';
import { openOpfsPool } from '../../../src/client/db/drivers/opfs-pool.ts';
import { createSyncStore } from '../../../src/client/db/sync-store.ts';
import { limits } from '../../../src/protocol/limits.ts';
import type { SyncReply } from '../../../src/protocol/messages.ts';
import { makeWords, pagesOf, type BenchWord } from '../rows.ts';
import { acknowledgeWays, applyWays, type Acknowledging, type AcknowledgeWay, type ApplyWay } from './engine-ways.ts';

export type EngineJob = { readonly seed: number; readonly rows: number } & (
  { readonly kind: 'apply'; readonly way: ApplyWay } | { readonly kind: 'acknowledge'; readonly way: AcknowledgeWay }
);

/** Milliseconds. */
export interface EngineTimes {
  /** All rows applied, or the dirty rows gathered. */
  readonly first: number;
  /** The full-text index brought up to them, or the dirty rows acknowledged. */
  readonly second: number;
}

/** As many as one push takes. */
const dirtyRows = limits.pushChanges;
const acknowledgeRounds = 3;

self.onmessage = ({ data }: MessageEvent<EngineJob>) => {
  run(data).then((times) => self.postMessage(times), reportError);
};

async function run(job: EngineJob): Promise<EngineTimes[]> {
  const wait = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
  const driver = await openOpfsPool({ wait, directory: '/bench-engine' });
  const opened = Database.open({ driver, clock: { now: () => Date.now() }, newId: () => 'benchmark' });
  if (!opened.ok) throw new Error(opened.error);
  const database = opened.value;
  database.write((sql) => sql.run(`UPDATE sync_state SET user_id = 'ada'`), 'sync');
  const words = makeWords(job.rows, job.seed);
  return job.kind === 'apply' ? apply(database, words, job.way) : acknowledge(database, words, job.way);
}

async function apply(database: Database, words: readonly BenchWord[], way: ApplyWay): Promise<EngineTimes[]> {
  const ready = applyWays[way](database, pagesOf(words));
  const started = performance.now();
  for (const store of ready) await store();
  const applied = performance.now();
  database.indexNewRows();
  const indexed = performance.now();
  const [[stored]] = database.read((sql) => sql.arrays('SELECT count(*) FROM vocabulary_item WHERE _seq > 0')) as [
    [number],
  ];
  if (stored !== words.length) throw new Error(`${way} stored ${stored} rows`);
  return [{ first: applied - started, second: indexed - applied }];
}

/** The rows are there and indexed; some of them were edited, in each round others. */
async function acknowledge(
  database: Database,
  words: readonly BenchWord[],
  way: AcknowledgeWay,
): Promise<EngineTimes[]> {
  for (const store of applyWays.product(database, pagesOf(words))) await store();
  database.indexNewRows();
  const contender = acknowledgeWays[way](database);
  const times: EngineTimes[] = [];
  for (let round = 0; round < acknowledgeRounds; round += 1) {
    edit(database, words.slice(round * dirtyRows, (round + 1) * dirtyRows));
    times.push(await acknowledgeOnce(contender, words.length + round * dirtyRows));
  }
  const left = await createSyncStore(database).gather('both');
  if (!left.ok || left.value.changes.length > 0) throw new Error(`${way} left changes in the outbox`);
  return times;
}

function edit(database: Database, words: readonly BenchWord[]): void {
  for (const { id } of words) {
    database.write((sql) => sql.run('UPDATE vocabulary_item SET translation = ? WHERE id = ?', [`edit of ${id}`, id]));
  }
}

/** `head`: the server's highest sequence before it merged the edits. */
async function acknowledgeOnce({ gather, settle }: Acknowledging, head: number): Promise<EngineTimes> {
  const started = performance.now();
  const batch = await gather();
  const gathered = performance.now();
  if (batch.changes.length !== dirtyRows) throw new Error(`${batch.changes.length} changes were gathered`);
  const reply: SyncReply = {
    results: batch.changes.map((_, index) => ({ status: 'applied', seq: head + index + 1 })),
    changes: [],
    ...{ cursor: head + dirtyRows, epoch: '', head: head + dirtyRows, more: false, clock: 0, serverTime: Date.now() },
  };
  const answered = performance.now();
  await settle(batch, reply);
  return { first: gathered - started, second: performance.now() - answered };
}
