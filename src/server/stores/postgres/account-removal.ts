/**
 * Removes an account. First, in one transaction, whatever opens it and what a push needs; then its rows in slices, since one
 * long transaction would hold up the clean-up of every table; the account itself last. Several servers may remove the same
 * one at once.
 */
import type { Connections, Statement } from './connections.ts';

const sliceRows = 5_000;

/** Gives the token hashes of the sessions it ended; none for an account that is not there. */
export async function removeAccount(connections: Connections, user: string): Promise<string[]> {
  const closed = await connections.transaction(async ({ run }) => {
    await run(statements.lockHead, [user]);
    const [account] = await run<[key: string]>(statements.mark, [user]);
    if (!account) return null;
    await run(statements.dropHead, account);
    await run(statements.dropPasskeys, account);
    await run(statements.dropCeremonies, account);
    const ended = await run<[tokenHash: string]>(statements.dropSessions, account);
    return { key: account[0], ended: ended.map(([tokenHash]) => tokenHash) };
  });
  if (closed === null) return [];
  await removeRest(connections, closed.key);
  return closed.ended;
}

/** What a crash left of accounts that were being removed. */
export async function removeGone(connections: Connections): Promise<void> {
  for (const [key] of await connections.run<[key: string]>(statements.listGone, [])) await removeRest(connections, key);
}

async function removeRest({ run }: Connections, key: string): Promise<void> {
  while ((await run(statements.dropSlice, [key])).length > 0);
  await run(statements.drop, [key]);
}

const statements = {
  /** First of all, as whoever writes to an account does (exchange-write.ts). Waits for the push that is under way. */
  lockHead: {
    name: 'account-lock-head',
    text: 'SELECT usr FROM account_head WHERE usr = (SELECT key FROM account WHERE id = $1 AND NOT gone) FOR UPDATE',
  },
  /** The name is free for others from now on. No name has a line break. */
  mark: {
    name: 'account-mark',
    text: `
      UPDATE account SET gone = true, name = '', name_key = chr(10) || id, id = chr(10) || id, password_hash = ''
      WHERE id = $1 AND NOT gone RETURNING key`,
  },
  /** The next push finds no account. */
  dropHead: { name: 'account-drop-head', text: 'DELETE FROM account_head WHERE usr = $1' },
  dropSessions: { name: 'account-drop-sessions', text: 'DELETE FROM session WHERE usr = $1 RETURNING token_hash' },
  dropPasskeys: { name: 'account-drop-passkeys', text: 'DELETE FROM passkey WHERE usr = $1' },
  dropCeremonies: { name: 'account-drop-ceremonies', text: 'DELETE FROM ceremony WHERE usr = $1' },
  dropSlice: {
    name: 'account-drop-slice',
    text: `
      DELETE FROM synced_row WHERE usr = $1 AND (tbl, id) IN (
        SELECT tbl, id FROM synced_row WHERE usr = $1 LIMIT ${sliceRows}
      ) RETURNING 1`,
  },
  drop: { name: 'account-drop', text: 'DELETE FROM account WHERE key = $1' },
  listGone: { name: 'account-list-gone', text: 'SELECT key FROM account WHERE gone' },
} satisfies Record<string, Statement>;
