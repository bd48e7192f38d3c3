/**
 * What came of exchanges, written for all of a batch by one statement in one transaction: each account's head moves only if
 * its `version` is still the one that was read, and its rows are stored only if the head did.
 *
 * The heads are locked first, and one that somebody else has locked is passed over: a batch waits for nobody, so that no
 * account holds up the others and two servers cannot wait for each other. Whoever writes to an account locks its head before
 * anything else of it.
 */
import type { Sequence } from '../../../protocol/messages.ts';
import type { DeviceState } from '../../exchange/admission.ts';
import type { MergedPush } from '../../exchange/merge-push.ts';
import type { Session, Statement } from './connections.ts';

export interface Write {
  readonly key: string;
  readonly version: string;
  readonly merged: MergedPush;
  /** The account's epochs from now on; `first` is null unless one begins with this push. */
  readonly begun: { readonly epochs: string; readonly first: Sequence | null; readonly id: string };
  readonly device: string;
  readonly noted: DeviceState | null;
}

/** One write an account. Gives the keys of those that were written; to the others somebody else wrote, or is about to. */
export async function writeAll(session: Session, writes: readonly Write[]): Promise<ReadonlySet<string>> {
  if (writes.length === 0) return new Set();
  const accounts = writes.map(({ key, version, merged, begun, device, noted }) => ({
    ...{ u: key, v: version, h: merged.head, k: merged.clock, es: begun.epochs, f: begun.first, e: begun.id },
    ...(noted && { d: device, s: noted.session, at: noted.seenAt, c: noted.cursor, w: noted.writer, st: noted.stamp }),
  }));
  const rows = writes.flatMap(({ key, merged }) =>
    merged.writes.map(({ table, id, seq, deleted, choice, data, meta }) => {
      return { u: key, t: table, i: id, s: seq, d: deleted, c: choice, v: data, m: meta };
    }),
  );
  const values = [JSON.stringify(accounts), JSON.stringify(rows)];
  return new Set((await session.run<[key: string]>(writeStatement, values)).map(([key]) => key));
}

const writeStatement: Statement = {
  name: 'exchange-write',
  text: `
    WITH asked AS MATERIALIZED (
      SELECT * FROM json_to_recordset($1::json) AS a (
        u bigint, v bigint, h bigint, k bigint, es text, f bigint, e text,
        d text, s text, at bigint, c bigint, w text, st bigint
      )
    ), free AS MATERIALIZED (
      SELECT h.usr FROM asked JOIN account_head h ON h.usr = asked.u AND h.version = asked.v
      FOR NO KEY UPDATE OF h SKIP LOCKED
    ), moved AS (
      UPDATE account_head h SET version = h.version + 1, head = a.h, clock = a.k, epochs = a.es
      FROM free JOIN asked a ON a.u = free.usr WHERE h.usr = free.usr AND h.version = a.v
      RETURNING h.usr
    ), begun AS (
      INSERT INTO epoch (usr, first, id) SELECT usr, f, e FROM moved JOIN asked ON u = usr WHERE f IS NOT NULL
    ), noted AS (
      INSERT INTO device (usr, id, name, session, first_seen, last_seen, cursor, writer, stamp)
      SELECT usr, d, coalesce((SELECT device_name FROM session WHERE token_hash = s), ''), s, at, at, c, w, st
      FROM moved JOIN asked ON u = usr WHERE d IS NOT NULL
      ON CONFLICT (usr, id) DO UPDATE SET name = excluded.name, session = excluded.session,
        last_seen = excluded.last_seen, cursor = excluded.cursor, writer = excluded.writer, stamp = excluded.stamp
    ), written AS (
      INSERT INTO synced_row (usr, tbl, id, seq, deleted, choice, data, meta)
      SELECT usr, t, i, s, d, c, v, m
      FROM moved JOIN json_to_recordset($2::json) AS r (
        u bigint, t text, i text, s bigint, d boolean, c boolean, v text, m text
      ) ON r.u = moved.usr
      ON CONFLICT (usr, tbl, id) DO UPDATE SET
        seq = excluded.seq, deleted = excluded.deleted, choice = excluded.choice, data = excluded.data, meta = excluded.meta
    )
    SELECT usr FROM moved`,
};
