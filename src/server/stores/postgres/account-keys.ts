/**
 * The number that stands for an account in the tables keyed by user. It never changes and is never given again, so it is
 * kept: with it in hand the database knows at once in which partition the account's rows are.
 */
import { createBatches } from './batches.ts';
import type { Connections, Statement } from './connections.ts';

/** Then all are forgotten and asked for again: less work than to keep track of the oldest. */
const keptAtMost = 20_000;

/** Null: there is no such account. */
export type AccountKeys = (user: string) => Promise<string | null>;

export function createAccountKeys({ run }: Connections): AccountKeys {
  const keys = new Map<string, string>();
  const find = createBatches<string, string | null>({
    ...{ lanes: 2, heaviest: 200, weigh: () => 1 },
    async work(users) {
      const found = new Map(await run<[user: string, key: string]>(findKeys, [users]));
      return users.map((user) => found.get(user) ?? null);
    },
  });
  return async (user) => {
    const kept = keys.get(user);
    if (kept !== undefined) return kept;
    const found = await find(user);
    if (found === null) return null;
    if (keys.size >= keptAtMost) keys.clear();
    keys.set(user, found);
    return found;
  };
}

const findKeys: Statement = {
  name: 'account-keys',
  text: 'SELECT id, key FROM account WHERE id = ANY ($1::text[]) AND NOT gone',
};
