/**
 * One exchange inside an open transaction: reads what the push meets, has it merged, and writes what comes of it. What
 * that is, is decided in `server/exchange`.
 */
import type Database from 'better-sqlite3';
import type { Sequence, Stamp } from '../../../protocol/messages.ts';
import { conflictSettingPrefix } from '../../../schema/policies.ts';
import type { Schema } from '../../../schema/schema.ts';
import { UnknownAccount, type Pulled, type Push } from '../../change-store.ts';
import { mergePush, type RowWrite, type StoredRows } from '../../exchange/merge-push.ts';
import { pull, pulledRow, type PulledRow } from '../../exchange/page.ts';
import { decodeRow } from '../../exchange/row-codec.ts';

export type Exchange = (push: Push) => Pulled;

export interface ExchangeOptions {
  /** Makes ids of rows that the server itself adds. */
  readonly newId: () => string;
  /** What this server knows. */
  readonly schema: Schema;
}

export function createExchange(database: Database.Database, { newId, schema }: ExchangeOptions): Exchange {
  const statements = prepare(database);

  const storedRows = (account: number): StoredRows => ({
    row(table, id) {
      const found = statements.getRow.get(account, table, id);
      return found ? decodeRow(id, found[0], { data: found[1], meta: found[2] }) : null;
    },
    choices: () =>
      statements.choices.all(account, `${conflictSettingPrefix}*`).map(([id, key, value]) => ({ id, key, value })),
  });

  function* rowsAfter(account: number, cursor: Sequence): Generator<PulledRow> {
    for (const [table, id, seq, deleted, data] of statements.scan.iterate(account, cursor)) {
      yield pulledRow({ table, id, seq, deleted: deleted === 1, data });
    }
  }

  const put = (account: number, { table, id, seq, deleted, data, meta }: RowWrite): void => {
    statements.putRow.run(account, table, id, seq, deleted ? 1 : 0, data, meta);
  };

  return (push) => {
    const found = statements.getAccount.get(push.user);
    if (!found) throw new UnknownAccount();
    const [key, head, clock] = found;
    const account = { head, clock };
    const merged = mergePush({ push, account, rows: storedRows(key), newId, schema });
    const page = pull({ push, account, merged, rowsAfter: (cursor) => ({ rows: rowsAfter(key, cursor), all: true }) });
    for (const write of merged.writes) put(key, write);
    if (merged.head !== head || merged.clock !== clock) statements.putAccount.run(merged.head, merged.clock, key);
    return { results: merged.results, ...page, clock: merged.clock, head: merged.head, changed: merged.head !== head };
  };
}

function prepare(database: Database.Database) {
  return {
    getAccount: database
      .prepare<[string], [key: number, head: Sequence, clock: Stamp]>(
        'SELECT key, head, clock FROM account WHERE id = ? AND gone = 0',
      )
      .raw(),
    putAccount: database.prepare<[Sequence, Stamp, number]>('UPDATE account SET head = ?, clock = ? WHERE key = ?'),
    getRow: database
      .prepare<[number, string, string], [seq: Sequence, data: string, meta: string]>(
        'SELECT seq, data, meta FROM row WHERE user = ? AND tbl = ? AND id = ?',
      )
      .raw(),
    putRow: database.prepare<[number, string, string, Sequence, number, string, string]>(
      `INSERT INTO row (user, tbl, id, seq, deleted, data, meta) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (user, tbl, id) DO UPDATE SET
         seq = excluded.seq, deleted = excluded.deleted, data = excluded.data, meta = excluded.meta`,
    ),
    choices: database
      .prepare<[number, string], [id: string, key: string, value: string]>(
        `SELECT id, data ->> 'key', data ->> 'value' FROM row
         WHERE user = ? AND tbl = 'setting' AND deleted = 0 AND data ->> 'key' GLOB ? ORDER BY id`,
      )
      .raw(),
    scan: database
      .prepare<[number, Sequence], [table: string, id: string, seq: Sequence, deleted: 0 | 1, data: string]>(
        'SELECT tbl, id, seq, deleted, data FROM row WHERE user = ? AND seq > ? ORDER BY seq',
      )
      .raw(),
  };
}
