/**
 * The number that stands for an account in the tables keyed by user. It never changes and is never given again, so it is
 * kept: with it in hand the database knows at once in which partition the account's rows are.
 */
import type { Session, Statement } from './connections.ts';

/** Then all are forgotten and asked for again: less work than to keep track of the oldest. */
const keptAtMost = 20_000;

/** Null: there is no such account. */
export type AccountKeys = (session: Session, user: string) => Promise<string | null>;

export function createAccountKeys(): AccountKeys {
  const keys = new Map<string, string>();
  return async (session, user) => {
    const kept = keys.get(user);
    if (kept !== undefined) return kept;
    const [found] = await session.run<[key: string]>(findKey, [user]);
    if (!found) return null;
    if (keys.size >= keptAtMost) keys.clear();
    keys.set(user, found[0]);
    return found[0];
  };
}

const findKey: Statement = { name: 'account-key', text: 'SELECT key FROM account WHERE id = $1 AND NOT gone' };
