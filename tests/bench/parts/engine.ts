/**
 * Part 7: the engine's own work, without network. In the browser, pulled rows applied and dirty rows gathered and
 * acknowledged, each also by other SQL than the product's; in Node, the server's merge on SQLite, on one core, durable.
 */
import { join } from 'node:path';
import { limits } from '../../../src/protocol/limits.ts';
import { schemaVersion } from '../../../src/schema/tables.ts';
import type { Change } from '../../../src/protocol/messages.ts';
import { stampAt } from '../../../src/sync/clock.ts';
import type { ChangeStore } from '../../../src/server/change-store.ts';
import { openSqliteStore } from '../../../src/server/stores/sqlite/sqlite-store.ts';
import { ratio, type Series } from '../figures.ts';
import { call, type Lab } from '../lab.ts';
import type { EngineTimes } from '../pages/engine-worker.ts';
import type { AcknowledgeWay, ApplyWay } from '../pages/engine-ways.ts';
import { removePool, rotated } from '../rounds.ts';
import { columnsOfWord, makeWords } from '../rows.ts';

const targets = { apply: 1_000, acknowledge: 50, mergesASecond: 20_000 };

const applyNames: Readonly<Record<ApplyWay, string>> = {
  product: 'ours (packed rows, 4 pages a transaction)',
  pageByPage: 'ours, a page a transaction',
  unpacked: 'ours, rows as JSON brought them',
  manyRows: 'raw binds, 100 rows a statement',
  json: 'json_each, one statement a page',
};
const acknowledgeNames: Readonly<Record<AcknowledgeWay, string>> = {
  product: 'ours (read as one text, raw binds)',
  raw: 'read value by value, raw binds',
  json: 'json_each, one statement',
};

export async function measureEngine(lab: Lab): Promise<Series[]> {
  return [...(await measureClient(lab)), ...(await measureMerge(lab))];
}

async function measureClient(lab: Lab): Promise<Series[]> {
  const rounds = lab.quick ? 3 : 5;
  const rows = lab.quick ? 10_000 : 100_000;
  const apply = perWay(Object.keys(applyNames) as ApplyWay[]);
  const acknowledge = perWay(Object.keys(acknowledgeNames) as AcknowledgeWay[]);
  const port = await lab.server();
  for (let round = 0; round < rounds; round += 1) {
    lab.say(`engine: round ${round + 1} of ${rounds}`);
    const page = await lab.benchPage(`http://localhost:${port}`, 'engine');
    const job = { seed: round + 1, rows };
    for (const way of rotated(Object.keys(apply) as ApplyWay[], round)) {
      apply[way].push(...(await call(page, 'engine', { ...job, kind: 'apply', way })));
      await removePool(page, 'bench-engine');
    }
    for (const way of rotated(Object.keys(acknowledge) as AcknowledgeWay[], round)) {
      acknowledge[way].push(...(await call(page, 'engine', { ...job, kind: 'acknowledge', way })));
      await removePool(page, 'bench-engine');
    }
    await page.browser.close();
  }
  const pulled = `${rows.toLocaleString('en')} pulled rows`;
  const dirty = `${limits.pushChanges.toLocaleString('en')} dirty rows of ${rows.toLocaleString('en')}`;
  return [
    ...series(apply, applyNames, { name: `${pulled} applied`, of: ({ first }) => first, target: targets.apply }),
    { name: `${pulled}: full text, when it is quiet`, unit: 'ms', samples: apply.product.map(({ second }) => second) },
    ...series(acknowledge, acknowledgeNames, { name: `${dirty} gathered`, of: ({ first }) => first }),
    ...series(acknowledge, acknowledgeNames, { name: `${dirty} acknowledged`, of: ({ second }) => second }),
    ...series(acknowledge, acknowledgeNames, {
      name: `${dirty} gathered and acknowledged`,
      of: ({ first, second }) => first + second,
      target: targets.acknowledge,
    }),
  ];
}

function perWay<W extends string>(ways: readonly W[]): Record<W, EngineTimes[]> {
  return Object.fromEntries(ways.map((way) => [way, []])) as unknown as Record<W, EngineTimes[]>;
}

/** A way each; the target is the product's. */
function series<W extends string>(
  times: Readonly<Record<W, readonly EngineTimes[]>>,
  names: Readonly<Record<W, string>>,
  { name, of, target }: { name: string; of: (times: EngineTimes) => number; target?: number },
): Series[] {
  const ways = Object.keys(names) as W[];
  const samples = (way: W) => times[way].map(of);
  const judged = (way: W) => (way === 'product' && target !== undefined ? { target } : {});
  return [
    ...ways.map((way): Series => ({
      name: `${name}: ${names[way]}`,
      unit: 'ms',
      samples: samples(way),
      ...judged(way),
    })),
    ...ways
      .filter((way) => way !== 'product')
      .map((way) => ratio(`${name}: ours / ${names[way]}`, { of: samples('product' as W), to: samples(way) })),
  ];
}

type Deed = (words: ReturnType<typeof makeWords>) => { device: string; cursor: number; changes: readonly Change[] };

/** Pushes as large as they may be, one after the other, each durable before the next. */
async function measureMerge(lab: Lab): Promise<Series[]> {
  const rounds = lab.quick ? 1 : 3;
  const rows = lab.quick ? 10_000 : 100_000;
  const rates: Record<'inserts' | 'edits' | 'conflicts', number[]> = { inserts: [], edits: [], conflicts: [] };
  for (let round = 0; round < rounds; round += 1) {
    lab.say(`engine: merges, round ${round + 1} of ${rounds}`);
    const file = join(await lab.folder('merge'), 'lorikeet.db');
    let ids = 0;
    const opened = openSqliteStore({ file, newId: () => `conflict-${(ids += 1)}` });
    if (!opened.ok) throw new Error(opened.error);
    const store = opened.value;
    await store.createAccount({ id: 'ada', name: 'Ada', nameKey: 'ada', passwordHash: '', now: 0 });
    const words = makeWords(rows, round + 1);
    rates.inserts.push(
      await pushAll(store, words, (some) => ({ device: 'a', cursor: 0, changes: some.map(insertion) })),
    );
    // On what it has sent before, as a person edits what is on the device.
    rates.edits.push(
      await pushAll(store, words, (some) => ({ device: 'a', cursor: rows, changes: some.map(edit('a', rows)) })),
    );
    // Another device that knows nothing of those edits: each loses or wins and leaves the other value in `conflict`.
    rates.conflicts.push(
      await pushAll(store, words, (some) => ({ device: 'b', cursor: rows, changes: some.map(edit('b', rows)) })),
    );
    await store.close();
  }
  const names = {
    inserts: 'new rows merged on the server, one core, SQLite',
    edits: 'edits merged on the server, one core, SQLite',
    conflicts: 'edits in conflict merged on the server, one core, SQLite',
  };
  return (Object.keys(names) as (keyof typeof names)[]).map((kind) => ({
    name: names[kind],
    unit: '/s',
    samples: rates[kind],
    ...(kind === 'conflicts' ? {} : { atLeast: targets.mergesASecond }),
  }));
}

/** Changes a second of processor time of this process: the disk's time is not a core's. */
async function pushAll(store: ChangeStore, words: ReturnType<typeof makeWords>, deed: Deed): Promise<number> {
  const pushes = Array.from({ length: Math.ceil(words.length / limits.pushChanges) }, (_, index) =>
    deed(words.slice(index * limits.pushChanges, (index + 1) * limits.pushChanges)),
  );
  const before = process.cpuUsage();
  for (const push of pushes) {
    const sender = { user: 'ada', schema: schemaVersion, session: null, writers: [], epoch: '', known: 0 };
    const exchanged = await store.exchange({ ...sender, ...push, limit: 0, now: Date.now() });
    if (!exchanged.ok) throw new Error(exchanged.error.code);
    const off = exchanged.value.results.find(({ status }) => status !== 'applied' && status !== 'merged');
    if (off) throw new Error(`a change was ${off.status}: ${JSON.stringify(off.error)}`);
  }
  const { user, system } = process.cpuUsage(before);
  return words.length / ((user + system) / 1_000_000);
}

const firstStamp = stampAt(1_800_000_000_000);

function insertion(word: ReturnType<typeof makeWords>[number]): Change {
  const values = columnsOfWord(word);
  return { table: 'vocabulary_item', id: word.id, op: 'insert', stamp: firstStamp, baseSeq: 0, values };
}

function edit(device: string, baseSeq: number) {
  return ({ id, translation }: ReturnType<typeof makeWords>[number]): Change => ({
    ...{ table: 'vocabulary_item', id, op: 'update', baseSeq },
    stamp: firstStamp + (device === 'a' ? 1 : 2),
    values: { translation: `by ${device}` },
    base: { translation: [baseSeq, translation] },
  });
}
