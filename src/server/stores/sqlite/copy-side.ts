/** A side of a copy between stores, on the server's SQLite file. */
import type Database from 'better-sqlite3';
import { ok, type Result } from '../../../base/result.ts';
import type { VapidKeys } from '../../push-store.ts';
import {
  partColumns,
  type AccountCopy,
  type Cells,
  type CopySide,
  type PartTable,
  type RowCopy,
  type RowPlace,
} from '../../store-copy.ts';
import { openDatabaseFile } from './database-file.ts';

const accountsAtOnce = 500;
const partTables = Object.keys(partColumns) as PartTable[];

/** The error is a sentence for the operator. */
export function openSqliteSide(file: string): Result<CopySide, string> {
  const opened = openDatabaseFile(file);
  return opened.ok ? ok(sideOn(opened.value)) : opened;
}

function sideOn(database: Database.Database): CopySide {
  const statements = prepare(database);
  const keyOf = (id: string): number => statements.key.get(id)!;
  const finish = database.transaction(({ parts, id, ...account }: AccountCopy) => {
    const key = keyOf(id);
    for (const table of partTables) for (const cells of parts[table]) statements.parts[table].put.run(key, ...cells);
    statements.finish.run({ ...account, key });
  });
  const putRows = database.transaction((id: string, rows: readonly RowCopy[]) => {
    const key = keyOf(id);
    for (const { table, id: row, seq, deleted, data, meta } of rows)
      statements.putRow.run(key, table, row, seq, deleted ? 1 : 0, data, meta);
  });
  const putPushKeys = database.transaction((keys: VapidKeys | null) => {
    statements.dropPushKeys.run();
    if (keys) statements.putPushKeys.run(keys.publicKey, keys.privateKey);
  });
  return {
    pushKeys: async () => statements.pushKeys.get() ?? null,
    putPushKeys: async (keys) => putPushKeys(keys),
    accounts: async (after) => statements.accounts.all(after),
    async account(id) {
      const found = statements.account.get(id);
      if (!found) return null;
      const { key, ...account } = found;
      const parts = partTables.map((table) => [table, statements.parts[table].list.all(key)] as const);
      return { ...account, parts: Object.fromEntries(parts) as Record<PartTable, Cells[]> };
    },
    async rows(id, { after, limit }) {
      const found = statements.rows.all(keyOf(id), after?.table ?? '', after?.id ?? '', limit);
      return found.map((row) => ({ ...row, deleted: row.deleted === 1 }));
    },
    begin: async (id) => void statements.begin.run({ id }),
    last: async (id) => statements.last.get(keyOf(id)) ?? null,
    putRows: async (id, rows) => putRows(id, rows),
    finish: async (account) => finish(account),
    async close() {
      database.close();
    },
  };
}

function prepare(database: Database.Database) {
  const partsOf = (table: PartTable) => {
    const columns = partColumns[table];
    const shown = columns.map((column) => (column === 'public_key' ? 'lower(hex(public_key))' : column));
    const given = columns.map((column) => (column === 'public_key' ? 'unhex(?)' : '?'));
    return {
      list: database
        .prepare<[number], Cells>(
          `SELECT ${shown.join(', ')} FROM ${table} WHERE user = ? ORDER BY ${table === 'passkey' ? 'key' : '1'}`,
        )
        .raw(),
      put: database.prepare<[number, ...Cells]>(
        `INSERT INTO ${table} (user, ${columns.join(', ')}) VALUES (?, ${given.join(', ')})`,
      ),
    };
  };
  return {
    pushKeys: database.prepare<[], VapidKeys>(
      'SELECT public_key AS publicKey, private_key AS privateKey FROM push_key',
    ),
    dropPushKeys: database.prepare<[]>('DELETE FROM push_key'),
    putPushKeys: database.prepare<[string, string]>(
      'INSERT INTO push_key (key, public_key, private_key) VALUES (1, ?, ?)',
    ),
    key: database.prepare<[string], number>('SELECT key FROM account WHERE id = ?').pluck(),
    accounts: database
      .prepare<[string], string>(`SELECT id FROM account WHERE id > ? AND gone = 0 ORDER BY id LIMIT ${accountsAtOnce}`)
      .pluck(),
    account: database.prepare<[string], Omit<AccountCopy, 'parts'> & { readonly key: number }>(
      `SELECT key, id, name, name_key AS nameKey, password_hash AS passwordHash, created_at AS createdAt, head, clock,
         horizon, epochs, noted, noted_at AS notedAt
       FROM account WHERE id = ? AND gone = 0`,
    ),
    rows: database.prepare<[number, string, string, number], Omit<RowCopy, 'deleted'> & { readonly deleted: 0 | 1 }>(
      `SELECT tbl AS "table", id, seq, deleted, data, meta FROM row
       WHERE user = ? AND (tbl, id) > (?, ?) ORDER BY tbl, id LIMIT ?`,
    ),
    /** As one that is being removed, whose name is nobody's. */
    begin: database.prepare<[{ readonly id: string }]>(
      `INSERT INTO account (id, name, name_key, password_hash, created_at, gone)
       VALUES (@id, '', char(10) || @id, '', 0, 1) ON CONFLICT (id) DO NOTHING`,
    ),
    last: database.prepare<[number], RowPlace>(
      'SELECT tbl AS "table", id FROM row WHERE user = ? ORDER BY tbl DESC, id DESC LIMIT 1',
    ),
    putRow: database.prepare<[number, string, string, number, 0 | 1, string, string]>(
      'INSERT INTO row (user, tbl, id, seq, deleted, data, meta) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    parts: Object.fromEntries(partTables.map((table) => [table, partsOf(table)])) as Record<
      PartTable,
      ReturnType<typeof partsOf>
    >,
    finish: database.prepare<[Omit<AccountCopy, 'parts' | 'id'> & { readonly key: number }]>(
      `UPDATE account SET name = @name, name_key = @nameKey, password_hash = @passwordHash, created_at = @createdAt,
         head = @head, clock = @clock, horizon = @horizon, epochs = @epochs, noted = @noted, noted_at = @notedAt, gone = 0
       WHERE key = @key`,
    ),
  };
}
