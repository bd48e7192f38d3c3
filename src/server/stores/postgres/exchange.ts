/**
 * One exchange in two round trips: one statement reads all that the push meets, from one snapshot; it is merged here; one
 * statement writes what comes of it, but only if nobody else wrote to the account in between (`version`). Otherwise the
 * exchange starts again. In one process a user's pushes wait for each other, so that this is rare.
 *
 * The head moves in the transaction that writes the rows, and holds the account's row until then: whoever sees a head sees
 * every row up to it (I6).
 */
import { err, ok, type Result } from '../../../base/result.ts';
import { limits } from '../../../protocol/limits.ts';
import type { Sequence } from '../../../protocol/messages.ts';
import { isId, isName } from '../../../schema/validate.ts';
import { StoreUnavailable, UnknownAccount, type Pulled, type Push, type Refusal } from '../../change-store.ts';
import {
  epochsWith,
  heard,
  isInEpoch,
  noteOf,
  refusalOf,
  told,
  type DeviceState,
  type Epoch,
  type History,
} from '../../exchange/admission.ts';
import { mergePush, rowKey, type MergedPush, type RowWrite, type StoredRows } from '../../exchange/merge-push.ts';
import { mostRows, pull, rowOverhead, type PulledRow, type RowsAfter } from '../../exchange/page.ts';
import { getsPreview, takesPreview } from '../../exchange/preview.ts';
import { unpackRow, type Meta, type StoredValues } from '../../exchange/row-codec.ts';
import { createAccountKeys } from './account-keys.ts';
import type { Connections, Session, Statement } from './connections.ts';
import { readPreview } from './preview.ts';
import { createTurns } from './turns.ts';

/** After so many times that another server was faster, the account is locked first. */
const optimisticTries = 4;

type Exchanged = Result<Pulled, Refusal>;

export type Exchange = (push: Push) => Promise<Exchanged>;

export function createExchange(connections: Connections, newId: () => string): Exchange {
  const inTurn = createTurns();
  const keyOf = createAccountKeys();

  const attempt = async (session: Session, key: string, push: Push): Promise<Exchanged | null> => {
    const met = await readAll(session, key, push);
    const { account, device, history } = met;
    const refusal = refusalOf(push, device, history);
    if (refusal) return err(refusal);
    const merged = mergePush({ push, account, rows: met.rows, newId });
    const page = pull({ push, account, merged, rowsAfter: () => met.after, preview: met.preview });
    const { results, head, clock } = merged;
    const changed = head !== account.head;
    const begins = changed && !isInEpoch(history.epochs, met.epoch);
    const epoch = begins ? epochsWith(history.epochs, met.epoch) : history.epochs;
    const noted = noteOf(push, device);
    if (merged.writes.length > 0 || noted) {
      const first = begins ? account.head + 1 : null;
      const begun = { epochs: epoch, first, id: met.epoch };
      if (!(await write(session, { key, version: met.version, merged, begun, device: push.device, noted })))
        return null;
    }
    return ok({ results, ...page, epoch: told({ epochs: epoch, horizon: history.horizon }), clock, head, changed });
  };

  const exchange = async (push: Push): Promise<Exchanged> => {
    const key = await keyOf(connections, push.user);
    if (key === null) throw new UnknownAccount();
    for (let tries = 0; tries < optimisticTries; tries++) {
      const pulled = await attempt(connections, key, push);
      if (pulled) return pulled;
    }
    return connections.transaction(async (session) => {
      await session.run(lockAccount, [key]);
      const pulled = await attempt(session, key, push);
      if (!pulled) throw new StoreUnavailable('PostgreSQL: the account was written to under its lock');
      return pulled;
    });
  };

  return (push) => (push.changes.length === 0 ? exchange(push) : inTurn(push.user, () => exchange(push)));
}

/** What a push meets. */
interface Met {
  readonly version: string;
  readonly account: { readonly head: Sequence; readonly clock: number };
  readonly rows: StoredRows;
  readonly after: RowsAfter;
  readonly preview: readonly PulledRow[] | null;
  readonly device: DeviceState | null;
  readonly history: History;
  /** The one that the server is in. */
  readonly epoch: string;
}

type ReadCells = [
  version: string,
  head: string,
  clock: string,
  met: string | null,
  choices: string | null,
  page: string | null,
  whole: boolean,
  horizon: string,
  epochs: string,
  epoch: string,
  device: string | null,
  allEpochs: string | null,
];

/**
 * The rows of a preview are read after all else, and those beyond the head as it was are left out: what becomes of the others
 * later is told by the pages, or else the device is told that it has missed it.
 */
async function readAll(session: Session, key: string, push: Push): Promise<Met> {
  if (!takesPreview(push)) return read(session, key, push);
  const met = await read(session, key, { ...push, limit: 0 });
  if (!getsPreview(push, met.account)) return read(session, key, push);
  return { ...met, preview: pulledRows(await readPreview(session, key, push.now)) };
}

async function read(session: Session, key: string, push: Push): Promise<Met> {
  // What is no name or no id would not be found, and may be no text that the database takes.
  const wanted = push.changes.filter(({ table, id }) => isName(table) && isId(id));
  const most = mostRows(push);
  const [found] = await session.run<ReadCells>(readStatement, [
    key,
    wanted.map(({ table }) => table),
    wanted.map(({ id }) => id),
    push.cursor,
    most === 0 ? 0 : most + push.changes.length + 1,
    push.device,
    heard(push.epoch).epochs,
  ]);
  // Deleted after its key was learnt.
  if (!found) throw new UnknownAccount();
  const [version, head, clock, met, choices, page, whole, horizon, epochs, epoch, device, allEpochs] = found;
  return {
    version,
    account: { head: Number(head), clock: Number(clock) },
    rows: storedRows(wanted, met, choices),
    after: { rows: pulledRows(page), all: whole },
    preview: null,
    device: device === null ? null : (JSON.parse(device) as DeviceState),
    history: {
      head: Number(head),
      horizon: Number(horizon),
      epochs,
      allEpochs: () => (allEpochs === null ? [] : (JSON.parse(allEpochs) as Epoch[])),
    },
    epoch,
  };
}

type MetEntry = readonly [at: number, seq: Sequence, values: StoredValues, meta: Meta];

function storedRows(wanted: Push['changes'], met: string | null, choices: string | null): StoredRows {
  const rows = new Map<string, MetEntry>();
  for (const entry of parseList<MetEntry>(met)) {
    const { table, id } = wanted[entry[0] - 1]!;
    rows.set(rowKey(table, id), entry);
  }
  return {
    row(table, id) {
      const entry = rows.get(rowKey(table, id));
      return entry ? unpackRow(id, entry[1], [entry[2], entry[3]]) : null;
    },
    choices: () =>
      parseList<readonly [id: string, values: StoredValues]>(choices).map(([id, { key, value }]) => ({
        id,
        key: String(key),
        value: String(value),
      })),
  };
}

function pulledRows(page: string | null): PulledRow[] {
  type Entry = readonly [table: string, id: string, seq: Sequence, bytes: number, values: StoredValues | null];
  return parseList<Entry>(page).map(([table, id, seq, bytes, values]) => ({ table, id, seq, bytes, values }));
}

/** The database sends a list as JSON without its brackets. */
function parseList<T>(entries: string | null): T[] {
  return entries === null ? [] : (JSON.parse(`[${entries}]`) as T[]);
}

interface Write {
  readonly key: string;
  readonly version: string;
  readonly merged: MergedPush;
  /** The account's epochs from now on; `first` is null unless one begins with this push. */
  readonly begun: { readonly epochs: string; readonly first: Sequence | null; readonly id: string };
  readonly device: string;
  readonly noted: DeviceState | null;
}

/** False when another wrote to the account since it was read; then nothing was written. */
async function write(session: Session, { key, version, merged, begun, device, noted }: Write): Promise<boolean> {
  const rows = JSON.stringify(merged.writes.map(toRecord));
  const [moved] = await session.run<[count: number]>(writeStatement, [
    ...[key, version, merged.head, merged.clock, rows],
    ...[begun.epochs, begun.first, begun.id],
    ...[noted ? device : null, noted?.session ?? null, noted?.seenAt ?? 0, noted?.cursor ?? 0],
    ...[noted?.writer ?? null, noted?.stamp ?? 0],
  ]);
  return moved?.[0] === 1;
}

function toRecord({ table, id, seq, deleted, choice, data, meta }: RowWrite): object {
  return { t: table, i: id, s: seq, d: deleted, c: choice, v: data, m: meta };
}

/**
 * Lists of rows come as one text each, put together of the JSON that is stored: the database builds nothing and the server
 * parses once. Table names and ids need no quoting.
 */
const readStatement: Statement = {
  name: 'exchange-read',
  text: `
    SELECT h.version, h.head, h.clock,
      (SELECT string_agg('[' || k.at || ',' || r.seq || ',' || r.data || ',' || r.meta || ']', ',')
       FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS k (tbl, id, at)
       CROSS JOIN LATERAL (
         SELECT seq, data, meta FROM synced_row WHERE usr = $1 AND tbl = k.tbl AND id = k.id OFFSET 0
       ) r),
      (SELECT string_agg('["' || id || '",' || data || ']', ',' ORDER BY id)
       FROM synced_row WHERE usr = $1 AND choice AND NOT deleted),
      p.page, p.whole, h.horizon, h.epochs, (SELECT epoch FROM lorikeet_schema),
      (SELECT json_build_object('writer', writer, 'stamp', stamp, 'cursor', cursor, 'session', session,
         'seenAt', last_seen, 'retired', retired_at IS NOT NULL)::text FROM device WHERE usr = $1 AND id = $6),
      CASE WHEN h.epochs <> $7 THEN
        (SELECT json_agg(json_build_object('id', id, 'first', first) ORDER BY first)::text FROM epoch WHERE usr = $1)
      END
    FROM account_head h
    CROSS JOIN LATERAL (
      SELECT
        string_agg('["' || tbl || '","' || id || '",' || seq || ',' || bytes || ',' ||
          CASE WHEN deleted THEN 'null' ELSE data END || ']', ',' ORDER BY seq) FILTER (WHERE before < ${limits.pullBytes}),
        count(*) < $5 AND coalesce(max(before), 0) < ${limits.pullBytes}
      FROM (
        SELECT *, sum(bytes) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - bytes AS before
        FROM (
          SELECT tbl, id, seq, deleted, data, octet_length(data) + octet_length(id) + ${rowOverhead} AS bytes
          FROM synced_row WHERE usr = $1 AND seq > $4 ORDER BY seq LIMIT $5
        ) bounded
      ) measured
    ) p (page, whole)
    WHERE h.usr = $1`,
};

const writeStatement: Statement = {
  name: 'exchange-write',
  text: `
    WITH moved AS (
      UPDATE account_head SET version = version + 1, head = $3, clock = $4, epochs = $6
      WHERE usr = $1 AND version = $2 RETURNING usr
    ), begun AS (
      INSERT INTO epoch (usr, first, id) SELECT usr, $7::bigint, $8::text FROM moved WHERE $7::bigint IS NOT NULL
    ), noted AS (
      INSERT INTO device (usr, id, name, session, first_seen, last_seen, cursor, writer, stamp)
      SELECT usr, $9::text, coalesce((SELECT device_name FROM session WHERE token_hash = $10::text), ''), $10::text,
        $11::bigint, $11::bigint, $12::bigint, $13::text, $14::bigint
      FROM moved WHERE $9::text IS NOT NULL
      ON CONFLICT (usr, id) DO UPDATE SET name = excluded.name, session = excluded.session,
        last_seen = excluded.last_seen, cursor = excluded.cursor, writer = excluded.writer, stamp = excluded.stamp
    ), written AS (
      INSERT INTO synced_row (usr, tbl, id, seq, deleted, choice, data, meta)
      SELECT moved.usr, t, i, s, d, c, v, m FROM moved
      CROSS JOIN json_to_recordset($5::json) AS w (t text, i text, s bigint, d boolean, c boolean, v text, m text)
      ON CONFLICT (usr, tbl, id) DO UPDATE SET
        seq = excluded.seq, deleted = excluded.deleted, choice = excluded.choice, data = excluded.data, meta = excluded.meta
    )
    SELECT count(*)::int FROM moved`,
};

const lockAccount: Statement = {
  name: 'exchange-lock',
  text: 'SELECT usr FROM account_head WHERE usr = $1 FOR UPDATE',
};
