/**
 * Removes an account. First, at once, whatever opens it; then its rows in slices between other work, since a long history
 * would hold everybody up; the account itself last, and by its foreign keys what other tables hold of it. Freed pages are
 * overwritten too (`secure_delete`, else FAST), and the log is emptied, so that the file holds no trace.
 */
import type Database from 'better-sqlite3';
import type { GroupCommit } from './group-commit.ts';

const sliceRows = 1_000;

interface Removal {
  readonly database: Database.Database;
  readonly commits: GroupCommit;
  readonly user: string;
}

/** Gives the token hashes of the sessions it ended; none for an account that is not there. */
export async function removeInSlices({ database, commits, user }: Removal): Promise<string[]> {
  const { find, mark, dropSessions, dropPasskeys, dropSlice, drop } = prepare(database);
  const inJob = <T>(work: () => T): Promise<T> => commits.run(sliceRows, () => overwriting(database, work));

  const closed = await inJob(() => {
    const account = find.get(user);
    if (account === undefined) return null;
    mark.run(account);
    dropPasskeys.run(account);
    return { account, ended: dropSessions.all(account) };
  });
  if (closed === null) return [];
  let removed = sliceRows;
  while (removed === sliceRows) removed = await inJob(() => dropSlice.run(closed.account).changes);
  await inJob(() => drop.run(closed.account));
  database.pragma('wal_checkpoint(TRUNCATE)');
  return closed.ended;
}

/** What a crash left of accounts that were being removed; for the start of the server. */
export function removeGone(database: Database.Database): void {
  // Only where there are any: a write waits for whoever writes.
  if (database.prepare('SELECT 1 FROM account WHERE gone = 1').get() === undefined) return;
  overwriting(database, () => database.prepare('DELETE FROM account WHERE gone = 1').run());
}

function overwriting<T>(database: Database.Database, work: () => T): T {
  database.pragma('secure_delete = ON');
  try {
    return work();
  } finally {
    database.pragma('secure_delete = FAST');
  }
}

function prepare(database: Database.Database) {
  return {
    find: database.prepare<[string], number>('SELECT key FROM account WHERE id = ? AND gone = 0').pluck(),
    /** The name is free for others from now on. No name has a line break. */
    mark: database.prepare<[number]>(
      `UPDATE account SET gone = 1, name = '', name_key = char(10) || id, password_hash = '' WHERE key = ?`,
    ),
    dropSessions: database.prepare<[number], string>('DELETE FROM session WHERE user = ? RETURNING token_hash').pluck(),
    dropPasskeys: database.prepare<[number]>('DELETE FROM passkey WHERE user = ?'),
    dropSlice: database.prepare<[number]>(
      `DELETE FROM row WHERE key IN (SELECT key FROM row WHERE user = ? LIMIT ${sliceRows})`,
    ),
    drop: database.prepare<[number]>('DELETE FROM account WHERE key = ?'),
  };
}
