/** `ChangeStore` on PostgreSQL: for more than one machine can serve. Any number of servers share one database. */
import { ok, type Result } from '../../../base/result.ts';
import type { ChangeStore } from '../../change-store.ts';
import { epochOf } from '../../exchange/admission.ts';
import { removeGone } from './account-removal.ts';
import { createAccounts } from './accounts.ts';
import { compact } from './compaction.ts';
import { openConnections, type Connections, type Statement } from './connections.ts';
import { createExchange } from './exchange.ts';
import { createPushSubscriptions } from './push-subscriptions.ts';

export interface PostgresStoreOptions {
  /** As PostgreSQL's tools take it: `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Makes ids of rows that the server itself adds. */
  readonly newId: () => string;
}

/** The error is a sentence for the operator. */
export async function openPostgresStore({ url, newId }: PostgresStoreOptions): Promise<Result<ChangeStore, string>> {
  const opened = await openConnections(url);
  if (!opened.ok) return opened;
  // Of a deletion that a crash cut short.
  await removeGone(opened.value);
  await opened.value.run(beginEpoch, [epochOf(newId())]);
  return ok(storeOn(opened.value, newId));
}

function storeOn(connections: Connections, newId: () => string): ChangeStore {
  const exchange = createExchange(connections, newId);
  const underWay = new Set<Promise<unknown>>();
  const track = <T>(work: Promise<T>): Promise<T> => {
    underWay.add(work);
    const done = (): void => void underWay.delete(work);
    work.then(done, done);
    return work;
  };
  return {
    exchange: (push) => track(exchange(push)),
    async devices(user, now) {
      const found = await connections.run<ListedDevice>(devicesStatement, [user, now]);
      return found.map(([id, name, firstSeen, lastSeen, session]) => ({
        id,
        name,
        firstSeen: Number(firstSeen),
        lastSeen: Number(lastSeen),
        session,
      }));
    },
    retireDevice: ({ user, device, except, now }) =>
      track(
        connections.transaction(async (session) => {
          // First of all, as whoever writes to an account does. An exchange under way that still saw the device as it was
          // starts again.
          await session.run(moveStatement, [user]);
          const [found] = await session.run<[session: string | null]>(retireStatement, [now, device, user]);
          if (!found) return null;
          const [ends] = found;
          if (ends === null || ends === except) return { session: null };
          await session.run(endStatement, [ends]);
          return { session: ends };
        }),
      ),
    compact: (step) => track(connections.transaction((session) => compact(session, step))),
    async head(user) {
      const [found] = await connections.run<[head: string]>(headStatement, [user]);
      return Number(found?.[0] ?? 0);
    },
    ...createAccounts(connections),
    ...createPushSubscriptions(connections),
    async check() {
      await connections.run(checkStatement, []);
    },
    async close() {
      await Promise.allSettled(underWay);
      await connections.close();
    },
  };
}

/** Every server that starts begins an epoch for all that share the database (exchange/admission.ts). */
const beginEpoch: Statement = {
  name: 'begin-epoch',
  text: 'UPDATE lorikeet_schema SET epoch = $1',
};

type ListedDevice = [id: string, name: string, firstSeen: string, lastSeen: string, session: string | null];

const devicesStatement: Statement = {
  name: 'devices',
  text: `SELECT d.id, d.name, d.first_seen, d.last_seen, s.id FROM device d JOIN account a ON a.key = d.usr
    LEFT JOIN session s ON s.token_hash = d.session AND s.usr = d.usr AND s.expires_at > $2
    WHERE a.id = $1 AND d.retired_at IS NULL ORDER BY d.last_seen DESC, d.id`,
};

const retireStatement: Statement = {
  name: 'device-retire',
  text: `UPDATE device SET retired_at = $1 WHERE id = $2 AND retired_at IS NULL
    AND usr = (SELECT key FROM account WHERE id = $3) RETURNING session`,
};

const moveStatement: Statement = {
  name: 'account-move',
  text: 'UPDATE account_head SET version = version + 1 WHERE usr = (SELECT key FROM account WHERE id = $1)',
};

const endStatement: Statement = { name: 'device-end-session', text: 'DELETE FROM session WHERE token_hash = $1' };

const headStatement: Statement = {
  name: 'head',
  text: 'SELECT h.head FROM account_head h JOIN account a ON a.key = h.usr WHERE a.id = $1 AND NOT a.gone',
};

const checkStatement: Statement = { name: 'check', text: 'SELECT 1 FROM account LIMIT 1' };
