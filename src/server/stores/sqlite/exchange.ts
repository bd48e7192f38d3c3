/**
 * One exchange inside an open transaction: reads what the push meets, has it merged, and writes what comes of it. What
 * that is, is decided in `server/exchange`.
 */
import type Database from 'better-sqlite3';
import { err, ok, type Result } from '../../../base/result.ts';
import type { Sequence, Stamp } from '../../../protocol/messages.ts';
import { conflictSettingPrefix } from '../../../schema/policies.ts';
import type { Schema } from '../../../schema/schema.ts';
import { UnknownAccount, type Pulled, type Push, type Refusal } from '../../change-store.ts';
import {
  epochsWith,
  isInEpoch,
  noteOf,
  refusalOf,
  told,
  type DeviceState,
  type Epoch,
  type History,
} from '../../exchange/admission.ts';
import { mergePush, type RowWrite, type StoredRows } from '../../exchange/merge-push.ts';
import { pull, pulledRow, type PulledRow, type RowsAfter } from '../../exchange/page.ts';
import { getsPreview, previewed } from '../../exchange/preview.ts';
import { decodeRow } from '../../exchange/row-codec.ts';

export type Exchange = (push: Push) => Result<Pulled, Refusal>;

export interface ExchangeOptions {
  /** Makes ids of rows that the server itself adds. */
  readonly newId: () => string;
  /** What this server knows. */
  readonly schema: Schema;
  /** The one that this process begins. */
  readonly epoch: string;
}

export function createExchange(database: Database.Database, { newId, schema, epoch }: ExchangeOptions): Exchange {
  const statements = prepare(database);

  const deviceOf = (account: number, { device }: Push): DeviceState | null => {
    const found = statements.getDevice.get(account, device);
    return found ? { ...found, retired: found.retired === 1 } : null;
  };

  const note = (account: number, push: Push, before: DeviceState | null): void => {
    const noted = noteOf(push, before);
    if (!noted) return;
    const { session, seenAt, cursor, writer, stamp } = noted;
    const [name] = statements.deviceName.get(session) ?? [''];
    statements.putDevice.run(account, push.device, name, session, seenAt, seenAt, cursor, writer, stamp);
  };

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

  function* previewRows(account: number, now: number): Generator<PulledRow> {
    const { whole, wholeTables, due, newest, newestOf } = previewed;
    const found = [
      ...wholeTables.flatMap((table) => statements.someOf.all(account, table, whole)),
      ...statements.dueWords.all(account, now, due),
      ...statements.newestWords.all(account, newestOf, newest),
    ];
    for (const [table, id, seq, data] of found) yield pulledRow({ table, id, seq, deleted: false, data });
  }

  const put = (account: number, { table, id, seq, deleted, data, meta }: RowWrite): void => {
    statements.putRow.run(account, table, id, seq, deleted ? 1 : 0, data, meta);
  };

  return (push) => {
    const found = statements.getAccount.get(push.user);
    if (!found) throw new UnknownAccount();
    const [key, head, clock, horizon, epochs] = found;
    const account = { head, clock };
    const device = deviceOf(key, push);
    const history: History = { head, horizon, epochs, allEpochs: () => statements.getEpochs.all(key) };
    const refusal = refusalOf(push, device, history);
    if (refusal) return err(refusal);
    const merged = mergePush({ push, account, rows: storedRows(key), newId, schema });
    const stored = (cursor: Sequence): RowsAfter => ({ rows: rowsAfter(key, cursor), all: true });
    const preview = getsPreview(push, account) ? previewRows(key, push.now) : null;
    const page = pull({ push, account, merged, rowsAfter: stored, preview, schema });
    for (const write of merged.writes) put(key, write);
    note(key, push, device);
    const changed = merged.head !== head;
    const begins = changed && !isInEpoch(epochs, epoch);
    if (begins) statements.putEpoch.run(key, head + 1, epoch);
    const now = begins ? epochsWith(epochs, epoch) : epochs;
    if (changed || merged.clock !== clock) statements.putAccount.run(merged.head, merged.clock, now, key);
    return ok({
      results: merged.results,
      ...page,
      epoch: told({ epochs: now, horizon }),
      clock: merged.clock,
      head: merged.head,
      changed,
    });
  };
}

function prepare(database: Database.Database) {
  return {
    getAccount: database
      .prepare<[string], [key: number, head: Sequence, clock: Stamp, horizon: Sequence, epochs: string]>(
        'SELECT key, head, clock, horizon, epochs FROM account WHERE id = ? AND gone = 0',
      )
      .raw(),
    putAccount: database.prepare<[Sequence, Stamp, string, number]>(
      'UPDATE account SET head = ?, clock = ?, epochs = ? WHERE key = ?',
    ),
    getEpochs: database.prepare<[number], Epoch>('SELECT id, first FROM epoch WHERE user = ? ORDER BY first'),
    putEpoch: database.prepare<[number, Sequence, string]>('INSERT INTO epoch (user, first, id) VALUES (?, ?, ?)'),
    getDevice: database.prepare<[number, string], Omit<DeviceState, 'retired'> & { readonly retired: 0 | 1 }>(
      `SELECT writer, stamp, cursor, session, last_seen AS seenAt, retired_at IS NOT NULL AS retired
       FROM device WHERE user = ? AND id = ?`,
    ),
    deviceName: database
      .prepare<[string | null], [name: string]>('SELECT device_name FROM session WHERE token_hash = ?')
      .raw(),
    putDevice: database.prepare<
      [number, string, string, string | null, number, number, Sequence, string | null, Stamp]
    >(
      `INSERT INTO device (user, id, name, session, first_seen, last_seen, cursor, writer, stamp)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (user, id) DO UPDATE SET name = excluded.name, session = excluded.session,
         last_seen = excluded.last_seen, cursor = excluded.cursor, writer = excluded.writer, stamp = excluded.stamp`,
    ),
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
    someOf: database
      .prepare<[number, string, number], LiveRow>(
        'SELECT tbl, id, seq, data FROM row WHERE user = ? AND tbl = ? AND deleted = 0 ORDER BY id LIMIT ?',
      )
      .raw(),
    dueWords: database
      .prepare<[number, number, number], LiveRow>(
        `SELECT tbl, id, seq, data FROM row
         WHERE user = ? AND tbl = 'vocabulary_item' AND deleted = 0
           AND data GLOB '*"card_state":[123][,}]*' AND json_valid(data) AND data ->> 'due_at' <= ? ORDER BY data ->> 'due_at' LIMIT ?`,
      )
      .raw(),
    newestWords: database
      .prepare<[number, number, number], LiveRow>(
        `SELECT tbl, id, seq, data FROM (SELECT tbl, id, seq, deleted, data FROM row WHERE user = ? ORDER BY seq DESC LIMIT ?)
         WHERE tbl = 'vocabulary_item' AND deleted = 0 ORDER BY data ->> 'created_at' DESC, seq DESC LIMIT ?`,
      )
      .raw(),
  };
}

type LiveRow = [table: string, id: string, seq: Sequence, data: string];
