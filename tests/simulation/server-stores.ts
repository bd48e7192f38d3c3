/** The two stores of the simulated server: the product's exchange on SQLite, and the memory server on the product's merge. */
import BetterSqlite from 'better-sqlite3';
import type { Result } from '../../src/base/result.ts';
import type { Value } from '../../src/base/value.ts';
import type { SyncReply, SyncRequest } from '../../src/protocol/messages.ts';
import { conflictSettingPrefix, strategyFrom } from '../../src/schema/policies.ts';
import type { Schema } from '../../src/schema/schema.ts';
import { columnsOf, type TableName } from '../../src/schema/tables.ts';
import type { Refusal } from '../../src/server/change-store.ts';
import { epochOf } from '../../src/server/exchange/admission.ts';
import { createCompaction } from '../../src/server/stores/sqlite/compaction.ts';
import { createExchange } from '../../src/server/stores/sqlite/exchange.ts';
import { latestStamp, baseSeqOf, stampOf } from '../../src/sync/change.ts';
import { mergeChange, type MergeInput, type Merged } from '../../src/sync/merge.ts';
import { MemoryServer } from '../support/memory-server.ts';
import type { ServerRow, ServerStore } from './server.ts';
import type { Verdict } from './verdict.ts';

export type Merge = (input: MergeInput) => Merged;

export interface SqliteServerOptions {
  /** A file of the present schema. */
  readonly empty: Buffer;
  readonly users: readonly string[];
  readonly newId: () => string;
  readonly schema: Schema;
}

export function openSqliteServer({ empty, users, ...options }: SqliteServerOptions): ServerStore {
  let opened = openFile(empty, options);
  const reopen = (bytes: Buffer): void => {
    opened.database.close();
    opened = openFile(bytes, options);
  };
  const addAccount = opened.database.prepare(
    `INSERT INTO account (id, name, name_key, password_hash, created_at) VALUES (?, ?, ?, '', 0)`,
  );
  for (const user of users) addAccount.run(user, user, user);
  return {
    exchange: (request, now) => {
      const { user, device, schema, writers, epoch, cursor, known, changes, limit, preview } = request;
      const from = { user, device, schema, session: null, writers, epoch };
      const push = { ...from, cursor, known, changes, limit, preview, now };
      return opened.database.transaction(() => opened.exchange(push))();
    },
    rowsAfter: (user, seq) =>
      opened.rows.all(user, seq).map(([table, id, at, deleted, data]) => {
        const values = JSON.parse(data) as Record<string, Value | undefined>;
        return { table, id, seq: at, deleted: deleted === 1, values: inOrder(table, (name) => values[name]) };
      }),
    upkeep: {
      restart: () => reopen(opened.database.serialize()),
      backUp: () => {
        const bytes = opened.database.serialize();
        return () => reopen(bytes);
      },
      retire: (user, device) => opened.retire.run(device, user).changes > 0,
      compact: (now) => compactAll(opened, now),
    },
    close: () => void opened.database.close(),
  };
}

/** What was decided is kept: a conflict that goes with age takes a typed value along. Devices soon count as away. */
const rules = { conflictAge: 3_650 * 86_400_000, deviceAge: 60_000, settle: 130_000 };

function compactAll({ database, compact }: ReturnType<typeof openFile>, now: number): boolean {
  let forgotten = 0;
  for (let goesOn = true; goesOn;) {
    const { more, tombstones } = database.transaction(() => compact({ rules, now }))();
    forgotten += tombstones;
    goesOn = more;
  }
  return forgotten > 0;
}

/** As a server does that starts. */
function openFile(bytes: Buffer, { newId, schema }: Pick<SqliteServerOptions, 'newId' | 'schema'>) {
  const database = new BetterSqlite(bytes);
  const epoch = epochOf(newId());
  return {
    database,
    exchange: createExchange(database, { newId, schema, epoch }),
    compact: createCompaction(database, epoch),
    rows: database
      .prepare<[string, number], [TableName, string, number, number, string]>(
        'SELECT tbl, id, seq, deleted, data FROM row WHERE user = (SELECT key FROM account WHERE id = ?) AND seq > ?',
      )
      .raw(),
    retire: database.prepare<[string, string]>(
      `UPDATE device SET retired_at = 1 WHERE id = ? AND retired_at IS NULL
       AND user = (SELECT key FROM account WHERE id = ?)`,
    ),
  };
}

/** `merge`: the product's, or one with a planted bug. Every decision is judged besides. */
export function openMemoryServer({ merge, verdict }: { merge: Merge; verdict: Verdict }): ServerStore {
  const servers = new Map<string, MemoryServer>();
  const judged: Merge = (input) => {
    const merged = merge(input);
    judge(input, merged, verdict);
    return merged;
  };
  const of = (user: string): MemoryServer => {
    const server = servers.get(user) ?? new MemoryServer({ merge: judged });
    servers.set(user, server);
    return server;
  };
  return {
    exchange(request: SyncRequest, now: number): Result<SyncReply, Refusal> {
      const server = of(request.user);
      server.now = now;
      server.strategyFor = (table, column) => strategyFrom(conflictSettings(server))(table, column);
      return server.serve(request);
    },
    rowsAfter: (user, seq): ServerRow[] =>
      [...of(user).stored()]
        .filter(({ row }) => row.seq > seq)
        .map(({ table, row }) => ({
          table: table as TableName,
          id: row.id,
          seq: row.seq,
          deleted: row.deleted !== null,
          values: inOrder(table as TableName, (name) => row.columns[name]?.value),
        })),
    upkeep: null,
    close: () => undefined,
  };
}

export const productMerge: Merge = mergeChange;

function* conflictSettings(server: MemoryServer): Generator<{ key: string; value: string }> {
  for (const { key, value } of server.rows('setting').values()) {
    if (String(key).startsWith(conflictSettingPrefix)) yield { key: String(key), value: String(value) };
  }
}

function inOrder(table: TableName, valueOf: (name: string) => Value | undefined): Value[] {
  return columnsOf(table).map((name) => valueOf(name) ?? null);
}

/** By the rule alone: of two values that did not know of each other the later one stands, the device id breaking a tie. */
function judge({ row, change, device, strategyFor }: MergeInput, merged: Merged, verdict: Verdict): void {
  if (!row || row.deleted || !merged.row || change.op === 'delete') return;
  const seen = row.seen[device] ?? 0;
  if (latestStamp(change) <= seen) return;
  for (const [name, value] of Object.entries(change.values ?? {})) {
    const theirs = row.columns[name];
    const stamp = stampOf(change, name);
    if (!theirs || stamp <= seen || strategyFor(change.table, name) !== 'latest_timestamp') continue;
    if (theirs.device === device || theirs.seq <= baseSeqOf(change, name)) continue;
    const wins = stamp > theirs.stamp || (stamp === theirs.stamp && device > theirs.device);
    const stands = merged.row.columns[name]?.value;
    if (stands !== (wins ? value : theirs.value)) {
      verdict.report('I3', `${change.table}/${change.id}.${name}: ${String(stands)} stands, which is the earlier`);
    }
  }
}
