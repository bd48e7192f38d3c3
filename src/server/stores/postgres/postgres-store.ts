/** `ChangeStore` on PostgreSQL: for more than one machine can serve. Any number of servers share one database. */
import { ok, type Result } from '../../../base/result.ts';
import type { ChangeStore } from '../../change-store.ts';
import { removeGone } from './account-removal.ts';
import { createAccounts } from './accounts.ts';
import { openConnections, type Connections, type Statement } from './connections.ts';
import { createExchange } from './exchange.ts';

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
    async head(user) {
      const [found] = await connections.run<[head: string]>(headStatement, [user]);
      return Number(found?.[0] ?? 0);
    },
    ...createAccounts(connections),
    async check() {
      await connections.run(checkStatement, []);
    },
    async close() {
      await Promise.allSettled(underWay);
      await connections.close();
    },
  };
}

const headStatement: Statement = {
  name: 'head',
  text: 'SELECT h.head FROM account_head h JOIN account a ON a.key = h.usr WHERE a.id = $1 AND NOT a.gone',
};

const checkStatement: Statement = { name: 'check', text: 'SELECT 1 FROM account LIMIT 1' };
