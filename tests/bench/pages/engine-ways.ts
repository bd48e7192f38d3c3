/**
 * Ways to say the same to SQLite: as the product does, one statement for many rows by `json_each`, one statement with the
 * values of many rows bound. What the others leave out (dirty rows, edits made meanwhile) only makes them faster.
 */
import type { Value } from '../../../src/base/value.ts';
import type { Database, ReadSql, WriteSql } from '../../../src/client/db/database.ts';
import { createSyncStore } from '../../../src/client/db/sync-store.ts';
import type { Change, RowPage, SyncReply } from '../../../src/protocol/messages.ts';
import { packPages } from '../../../src/protocol/packed-pages.ts';
import { columnsOf, schemaVersion } from '../../../src/schema/tables.ts';
import { latestStamp } from '../../../src/sync/change.ts';
import type { Batch } from '../../../src/sync/ports.ts';
import type { SyncReport } from '../../../src/sync/report.ts';

type Step = () => Promise<void> | void;

const table = 'vocabulary_item';
const columns = columnsOf(table);
const updates = ['_seq', ...columns].map((column) => `${column} = excluded.${column}`).join(', ');
const upsert = `ON CONFLICT (id) DO UPDATE SET ${updates} WHERE excluded._seq > _seq`;
const into = `INSERT INTO ${table} (id, _seq, ${columns.join(', ')})`;
/** Rows bound at once: SQLite takes 32,766 values. */
const boundRows = 100;

/** As many pages are stored in one transaction, where they came meanwhile (adapters/read-ahead.ts). */
const together = 4;

export const applyWays = {
  product: (database: Database, pages: readonly RowPage[]): Step[] => applied(database, inGroups(pages).map(packed)),
  pageByPage: (database: Database, pages: readonly RowPage[]): Step[] =>
    applied(
      database,
      pages.map((page) => packed([page])),
    ),
  unpacked: (database: Database, pages: readonly RowPage[]): Step[] =>
    applied(
      database,
      inGroups(pages).map((group) => ({ changes: group })),
    ),
  json: (database: Database, pages: readonly RowPage[]): Step[] => {
    const picked = ['id', '_seq', ...columns].map((_, index) => `value ->> ${index}`).join(', ');
    const statement = `${into} SELECT ${picked} FROM json_each(?) WHERE true ${upsert}`;
    return pages.map((page) => () => {
      const text = JSON.stringify(rowsOf(page));
      commit(database, page, (sql) => void sql.run(statement, [text]));
    });
  },
  manyRows: (database: Database, pages: readonly RowPage[]): Step[] => {
    const one = `(${['id', '_seq', ...columns].map(() => '?').join(', ')})`;
    const statement = `${into} VALUES ${Array.from({ length: boundRows }, () => one).join(', ')} ${upsert}`;
    return pages.map((page) => () => {
      const rows = rowsOf(page);
      const groups = Array.from({ length: rows.length / boundRows }, (_, index) =>
        rows.slice(index * boundRows, (index + 1) * boundRows).flat(),
      );
      commit(database, page, (sql) => sql.runMany(statement, groups));
    });
  },
} as const;

export type ApplyWay = keyof typeof applyWays;

type Rows = Pick<SyncReply, 'changes' | 'packed'>;

/** The first page comes alone. */
function inGroups([first, ...rest]: readonly RowPage[]): RowPage[][] {
  const groups = Array.from({ length: Math.ceil(rest.length / together) }, (_, index) =>
    rest.slice(index * together, (index + 1) * together),
  );
  return [[first!], ...groups];
}

function packed(pages: readonly RowPage[]): Rows {
  return { changes: [], packed: pages.map((page) => packPages([page])!) };
}

/** By the engine's own port, from replies as the service worker hands them over, to the end of the run. */
function applied(database: Database, replies: readonly Rows[]): Step[] {
  const store = createSyncStore(database);
  const steps = replies.map((rows, index) => async () => {
    const sent = await store.gather('down');
    if (!sent.ok) throw new Error(sent.error.code);
    const reply = { results: [], epoch: '', head: 0, clock: 0, serverTime: Date.now() };
    const progress = { more: index < replies.length - 1, cursor: index + 1 };
    const stored = await store.apply(sent.value, { ...reply, ...progress, ...rows });
    if (!stored.ok) throw new Error(stored.error.code);
  });
  const record = async () => {
    await store.record(report, { at: null, attempts: 0 });
  };
  return [...steps, record];
}

const report: SyncReport = {
  ...{ direction: 'down', tables: {}, startedAt: 0, finishedAt: 0, bytesSent: 0, bytesReceived: 0 },
  ...{ processed: 0, succeeded: 0, failed: 0, conflicts: 0, reload: null, error: null },
};

function rowsOf(page: RowPage): Value[][] {
  return page.ids.map((id, index) => [id, page.seqs[index]!, ...page.values.map((column) => column[index]!)]);
}

function commit(database: Database, page: RowPage, work: (sql: WriteSql) => void): void {
  database.write((sql) => {
    work(sql);
    sql.run('UPDATE sync_state SET cursor = max(cursor, ?)', [page.seqs.at(-1)!]);
  }, 'sync');
}

export interface Acknowledging {
  readonly gather: () => Promise<Batch>;
  readonly settle: (batch: Batch, reply: SyncReply) => Promise<void>;
}

export const acknowledgeWays = {
  product: acknowledging,
  raw: (database: Database): Acknowledging => ({
    gather: () => Promise.resolve(batchOf(database.read(gatherRaw))),
    settle: acknowledging(database).settle,
  }),
  json: (database: Database): Acknowledging => ({
    gather: () => Promise.resolve(batchOf(database.read(gatherJson))),
    settle: (batch, reply) => Promise.resolve(database.write((sql) => settleJson(sql, batch, reply), 'sync')),
  }),
} as const;

function acknowledging(database: Database): Acknowledging {
  const store = createSyncStore(database);
  return {
    gather: async () => {
      const batch = await store.gather('both');
      if (!batch.ok) throw new Error(batch.error.code);
      return batch.value;
    },
    settle: async (batch, reply) => {
      const applied = await store.apply(batch, reply);
      if (!applied.ok) throw new Error(applied.error.code);
    },
  };
}

export type AcknowledgeWay = keyof typeof acknowledgeWays;

/** Every value by a call of its own. */
function gatherRaw(sql: ReadSql): Change[] {
  const values = columns.map((column) => `t.${column}`).join(', ');
  const rows = sql.arrays(`SELECT o.id, o.op, o.stamp, o.stamps, o.base, o.base_seq, ${values}
FROM outbox o LEFT JOIN ${table} t ON t.id = o.id`);
  return rows.map(([id, op, stamp, stamps, base, baseSeq, ...row]) => {
    const dirty = Object.keys(JSON.parse(stamps as string) as object);
    const edited = Object.fromEntries(dirty.map((column) => [column, row[columns.indexOf(column)]!]));
    return {
      table,
      id,
      op,
      stamp,
      values: edited,
      baseSeq,
      base: JSON.parse(base as string) as Change['base'],
    } as Change;
  });
}

/** SQLite writes the whole list as one text, with just the dirty columns of each row. */
function gatherJson(sql: ReadSql): Change[] {
  const values = columns.map((column) => `'${column}', t.${column}`).join(', ');
  const [[text]] = sql.arrays(`SELECT json_group_array(json_object('table', o.tbl, 'id', o.id, 'op', o.op,
'stamp', o.stamp, 'values', (SELECT json_group_object(d.key, json_object(${values}) -> d.key) FROM json_each(o.stamps) d),
'baseSeq', o.base_seq, 'base', json(o.base))) FROM outbox o LEFT JOIN ${table} t ON t.id = o.id`) as [[string]];
  return JSON.parse(text) as Change[];
}

function batchOf(changes: readonly Change[]): Batch {
  const sender = { user: 'ada', device: 'benchmark', schema: schemaVersion, writers: [], epoch: '' };
  const state = { cursor: 0, known: 0, isNew: false, loads: 0, attempts: 0, interval: null };
  return { ...sender, ...state, changes, more: false, unread: {} };
}

function settleJson(sql: WriteSql, batch: Batch, reply: SyncReply): void {
  const settled = batch.changes.map((change, index) => [change.id, latestStamp(change), reply.results[index]!.seq]);
  const text = JSON.stringify(settled);
  sql.run(
    `DELETE FROM outbox WHERE (tbl, id, stamp) IN (SELECT '${table}', value ->> 0, value ->> 1 FROM json_each(?))`,
    [text],
  );
  sql.run(
    `UPDATE ${table} SET _seq = answered.seq
FROM (SELECT value ->> 0 AS id, value ->> 2 AS seq FROM json_each(?)) AS answered
WHERE ${table}.id = answered.id AND _seq < answered.seq`,
    [text],
  );
  sql.run('UPDATE sync_state SET cursor = max(cursor, ?), clock = max(clock, ?)', [reply.cursor, reply.clock]);
}
