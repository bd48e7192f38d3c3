/** `ChangeStore` on one SQLite file: the server's default. One process owns the file. */
import Database from 'better-sqlite3';
import { ok, type Result } from '../../../base/result.ts';
import type { Sequence } from '../../../protocol/messages.ts';
import { StoreUnavailable, type Account, type ChangeStore } from '../../change-store.ts';
import { openDatabaseFile } from './database-file.ts';
import { createExchange } from './exchange.ts';
import { createGroupCommit } from './group-commit.ts';

export interface SqliteStoreOptions {
  /** Path of the file, created with its directory when missing; `:memory:` for none. */
  readonly file: string;
  /** Makes ids of rows that the server itself adds. */
  readonly newId: () => string;
  /** How long to wait for another process that holds the file, such as a backup, in milliseconds. */
  readonly lockTimeout?: number;
}

interface AccountRecord {
  readonly id: string;
  readonly name: string;
  readonly password_hash: string;
}

interface SessionRecord {
  readonly id: string;
  readonly name: string;
  readonly expires_at: number;
}

/** The error is a sentence for the operator. */
export function openSqliteStore({ file, newId, lockTimeout = 5_000 }: SqliteStoreOptions): Result<ChangeStore, string> {
  const opened = openDatabaseFile(file);
  if (!opened.ok) return opened;
  opened.value.pragma(`busy_timeout = ${lockTimeout}`);
  return ok(storeOn(opened.value, newId));
}

function storeOn(database: Database.Database, newId: () => string): ChangeStore {
  const exchange = createExchange(database, newId);
  const commits = createGroupCommit(database);
  const statements = prepare(database);

  return {
    exchange: (push) =>
      commits
        .run(push.changes.length + 1, () => exchange(push))
        .catch((error: unknown) => {
          throw asUnavailable(error);
        }),
    head: (user) => attempt(() => statements.head.get(user) ?? 0),
    createAccount: ({ id, name, nameKey, passwordHash, now }) =>
      attempt(() =>
        statements.addAccount.run(id, name, nameKey, passwordHash, now).changes === 1 ? { id, name } : null,
      ),
    findAccount: (nameKey) =>
      attempt(() => {
        const found = statements.findAccount.get(nameKey);
        return found ? { id: found.id, name: found.name, passwordHash: found.password_hash } : null;
      }),
    createSession: ({ tokenHash, user, deviceName, now, expiresAt }) =>
      attempt(() => {
        statements.dropExpired.run(now);
        statements.addSession.run(tokenHash, deviceName, now, expiresAt, user);
      }),
    findSession: (tokenHash, now) =>
      attempt(() => {
        const found = statements.findSession.get(tokenHash, now);
        const user: Account | null = found ? { id: found.id, name: found.name } : null;
        return found && user ? { user, expiresAt: found.expires_at } : null;
      }),
    renewSession: (tokenHash, expiresAt) => attempt(() => void statements.renewSession.run(expiresAt, tokenHash)),
    deleteSession: (tokenHash) => attempt(() => void statements.dropSession.run(tokenHash)),
    check: () => attempt(() => void statements.check.get()),
    async close() {
      commits.drain();
      database.close();
    },
  };
}

/** Runs a statement of its own, with the port's errors. */
async function attempt<T>(work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    throw asUnavailable(error);
  }
}

/** What the disk or another process causes can pass; everything else is a bug and stays what it is. */
function asUnavailable(error: unknown): unknown {
  const passing = /^SQLITE_(FULL|BUSY|LOCKED|IOERR|CANTOPEN|READONLY|NOMEM|CORRUPT|NOTADB)/;
  if (error instanceof Database.SqliteError && passing.test(error.code)) {
    return new StoreUnavailable(`SQLite: ${error.code}`, { cause: error });
  }
  return error;
}

function prepare(database: Database.Database) {
  return {
    head: database.prepare<[string], Sequence>('SELECT head FROM account WHERE id = ?').pluck(),
    addAccount: database.prepare<[string, string, string, string, number]>(
      `INSERT INTO account (id, name, name_key, password_hash, created_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (name_key) DO NOTHING`,
    ),
    findAccount: database.prepare<[string], AccountRecord>(
      'SELECT id, name, password_hash FROM account WHERE name_key = ?',
    ),
    addSession: database.prepare<[string, string, number, number, string]>(
      `INSERT INTO session (token_hash, device_name, created_at, expires_at, user)
       SELECT ?, ?, ?, ?, key FROM account WHERE id = ?`,
    ),
    findSession: database.prepare<[string, number], SessionRecord>(
      `SELECT account.id, account.name, session.expires_at FROM session JOIN account ON account.key = session.user
       WHERE session.token_hash = ? AND session.expires_at > ?`,
    ),
    renewSession: database.prepare<[number, string]>('UPDATE session SET expires_at = ? WHERE token_hash = ?'),
    dropSession: database.prepare<[string]>('DELETE FROM session WHERE token_hash = ?'),
    dropExpired: database.prepare<[number]>('DELETE FROM session WHERE expires_at <= ?'),
    check: database.prepare('SELECT 1 FROM account LIMIT 1'),
  };
}
