/** A side of a copy between stores, on PostgreSQL. */
import { ok, type Result } from '../../../base/result.ts';
import { conflictSettingPrefix } from '../../../schema/policies.ts';
import { partColumns, type Cells, type CopySide, type PartTable, type RowCopy } from '../../store-copy.ts';
import { openConnections, type Connections, type Session, type Statement } from './connections.ts';

const accountsAtOnce = 500;
const partTables = Object.keys(partColumns) as PartTable[];
/** All others are numbers. */
const texts = new Set(
  `token_hash id device_name credential_id public_key transports name session writer endpoint p256dh auth time_zone`.split(
    ' ',
  ),
);

/** The error is a sentence for the operator. */
export async function openPostgresSide(url: string): Promise<Result<CopySide, string>> {
  const opened = await openConnections(url);
  if (!opened.ok) return opened;
  // A copy that was killed may have left a statement that the database is still at.
  await opened.value.transaction(waitForOthers);
  return ok(sideOn(opened.value));
}

/** Writes of copies come one after the other. */
async function waitForOthers({ run }: Session): Promise<void> {
  await run(statements.lock, []);
}

type FoundAccount = [
  ...[key: string, name: string, nameKey: string, passwordHash: string, createdAt: number, head: number],
  ...[clock: number, horizon: number, epochs: string, noted: number, notedAt: number],
];
type FoundRow = [table: string, id: string, seq: number, deleted: boolean, data: string, meta: string];

function sideOn(connections: Connections): CopySide {
  const { run, transaction } = connections;
  return {
    async pushKeys() {
      const [kept] = await run<[publicKey: string, privateKey: string]>(statements.pushKeys, []);
      return kept ? { publicKey: kept[0], privateKey: kept[1] } : null;
    },
    putPushKeys: (keys) =>
      transaction(async (session) => {
        await session.run(statements.dropPushKeys, []);
        if (keys) await session.run(statements.putPushKeys, [keys.publicKey, keys.privateKey]);
      }),
    accounts: async (after) => (await run<[string]>(statements.accounts, [after])).map(([id]) => id),
    async account(id) {
      const [found] = await run<FoundAccount>(statements.account, [id]);
      if (!found) return null;
      const [key, name, nameKey, passwordHash, createdAt, head, clock, horizon, epochs, noted, notedAt] = found;
      const parts: [PartTable, Cells[]][] = [];
      for (const table of partTables) parts.push([table, await run<Cells>(partsOf(table).list, [key])]);
      return {
        ...{ id, name, nameKey, passwordHash, createdAt, head, clock, horizon, epochs, noted, notedAt },
        parts: Object.fromEntries(parts) as Record<PartTable, Cells[]>,
      };
    },
    async rows(id, { after, limit }) {
      const found = await run<FoundRow>(statements.rows, [id, after?.table ?? '', after?.id ?? '', limit]);
      return found.map(([table, row, seq, deleted, data, meta]) => ({ table, id: row, seq, deleted, data, meta }));
    },
    async begin(id) {
      await run(statements.begin, [id]);
    },
    async last(id) {
      const [found] = await run<[table: string, id: string]>(statements.last, [id]);
      return found ? { table: found[0], id: found[1] } : null;
    },
    putRows: (id, rows) =>
      transaction(async (session) => {
        await waitForOthers(session);
        await session.run(statements.putRows, [id, JSON.stringify(rows.map(toRecord))]);
      }),
    finish: ({ parts, id, name, nameKey, passwordHash, createdAt, ...head }) =>
      transaction(async (session) => {
        await waitForOthers(session);
        const named = [id, name, nameKey, passwordHash, createdAt];
        const [made] = await session.run<[key: string]>(statements.finish, named);
        const key = made![0];
        const { head: sequence, clock, horizon, epochs, noted, notedAt } = head;
        await session.run(statements.putHead, [key, sequence, clock, horizon, epochs, noted, notedAt]);
        for (const table of partTables)
          for (const cells of parts[table]) await session.run(partsOf(table).put, [key, ...cells]);
      }),
    close: () => connections.close(),
  };
}

function toRecord({ table, id, seq, deleted, data, meta }: RowCopy): object {
  return { t: table, i: id, s: seq, d: deleted, c: isChoice(table, data), v: data, m: meta };
}

/** As a push would mark it (exchange/merge-push.ts). */
function isChoice(table: string, data: string): boolean {
  if (table !== 'setting') return false;
  const { key } = JSON.parse(data) as { readonly key?: unknown };
  return typeof key === 'string' && key.startsWith(conflictSettingPrefix);
}

function partsOf(table: PartTable): { readonly list: Statement; readonly put: Statement } {
  const columns = partColumns[table];
  const shown = columns.map((column) => {
    if (column === 'public_key') return `encode(public_key, 'hex')`;
    return texts.has(column) ? column : `${column}::float8`;
  });
  const given = columns.map((column, at) => (column === 'public_key' ? `decode($${at + 2}, 'hex')` : `$${at + 2}`));
  return {
    list: {
      name: `copy-list-${table}`,
      text: `SELECT ${shown.join(', ')} FROM ${table} WHERE usr = $1 ORDER BY ${table === 'passkey' ? 'key' : '1'}`,
    },
    put: {
      name: `copy-put-${table}`,
      text: `INSERT INTO ${table} (usr, ${columns.join(', ')}) VALUES ($1, ${given.join(', ')})`,
    },
  };
}

/** Also of an account that is not whole yet. */
const keyOf = '(SELECT key FROM account WHERE id = $1)';

const statements = {
  /** 'lori' and 'copy' as numbers. */
  lock: { name: 'copy-lock', text: 'SELECT pg_advisory_xact_lock(1819243113, 1668247673)' },
  pushKeys: { name: 'copy-push-keys', text: 'SELECT public_key, private_key FROM push_key' },
  dropPushKeys: { name: 'copy-drop-push-keys', text: 'DELETE FROM push_key' },
  putPushKeys: {
    name: 'copy-put-push-keys',
    text: 'INSERT INTO push_key (key, public_key, private_key) VALUES (1, $1, $2)',
  },
  accounts: {
    name: 'copy-accounts',
    text: `SELECT id FROM account WHERE id > $1 AND NOT gone ORDER BY id LIMIT ${accountsAtOnce}`,
  },
  account: {
    name: 'copy-account',
    text: `
      SELECT key, name, name_key, password_hash, created_at::float8, head::float8, clock::float8, horizon::float8, epochs,
        noted::float8, noted_at::float8
      FROM account JOIN account_head ON usr = key WHERE id = $1 AND NOT gone`,
  },
  rows: {
    name: 'copy-rows',
    text: `
      SELECT tbl, id, seq::float8, deleted, data, meta FROM synced_row
      WHERE usr = ${keyOf} AND (tbl, id) > ($2, $3) ORDER BY tbl, id LIMIT $4`,
  },
  /** As one that is being removed, whose name is nobody's. */
  begin: {
    name: 'copy-begin',
    text: `
      INSERT INTO account (id, name, name_key, password_hash, created_at, gone)
      VALUES ($1::text, '', chr(10) || $1::text, '', 0, true) ON CONFLICT (id) DO NOTHING`,
  },
  last: {
    name: 'copy-last',
    text: `SELECT tbl, id FROM synced_row WHERE usr = ${keyOf} ORDER BY tbl DESC, id DESC LIMIT 1`,
  },
  putRows: {
    name: 'copy-put-rows',
    text: `
      INSERT INTO synced_row (usr, tbl, id, seq, deleted, choice, data, meta)
      SELECT ${keyOf}, t, i, s, d, c, v, m
      FROM json_to_recordset($2::json) AS w (t text, i text, s bigint, d boolean, c boolean, v text, m text)`,
  },
  finish: {
    name: 'copy-finish',
    text: `
      UPDATE account SET name = $2, name_key = $3, password_hash = $4, created_at = $5, gone = false
      WHERE id = $1 RETURNING key`,
  },
  putHead: {
    name: 'copy-put-head',
    text: `
      INSERT INTO account_head (usr, head, clock, horizon, epochs, noted, noted_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
  },
} satisfies Record<string, Statement>;
