/** `ChangeStore` on one SQLite file: the server's default. One process owns the file. */
import Database from 'better-sqlite3';
import { ok, type Result } from '../../../base/result.ts';
import type { DeviceEntry, Sequence } from '../../../protocol/messages.ts';
import type { Schema } from '../../../schema/schema.ts';
import { currentSchema } from '../../../schema/tables.ts';
import { StoreUnavailable, type ChangeStore } from '../../change-store.ts';
import { epochOf } from '../../exchange/admission.ts';
import { stepRows } from '../../exchange/compaction.ts';
import { createAccounts } from './accounts.ts';
import { createCompaction } from './compaction.ts';
import { openDatabaseFile } from './database-file.ts';
import { createExchange, type ExchangeOptions } from './exchange.ts';
import { createGroupCommit } from './group-commit.ts';
import { createPushSubscriptions } from './push-subscriptions.ts';

export interface SqliteStoreOptions {
  /** Path of the file, created with its directory when missing; `:memory:` for none. */
  readonly file: string;
  /** Makes ids of rows that the server itself adds. */
  readonly newId: () => string;
  /** What this server knows; the app's own unless a test has several versions. */
  readonly schema?: Schema;
  /** How long to wait for another process that holds the file, such as a backup, in milliseconds. */
  readonly lockTimeout?: number;
}

/** The error is a sentence for the operator. */
export function openSqliteStore(options: SqliteStoreOptions): Result<ChangeStore, string> {
  const { file, newId, schema = currentSchema, lockTimeout = 5_000 } = options;
  const opened = openDatabaseFile(file);
  if (!opened.ok) return opened;
  opened.value.pragma(`busy_timeout = ${lockTimeout}`);
  return ok(storeOn(opened.value, { newId, schema, epoch: epochOf(newId()) }));
}

function storeOn(database: Database.Database, options: ExchangeOptions): ChangeStore {
  const exchange = createExchange(database, options);
  const compact = createCompaction(database, options.epoch);
  const commits = createGroupCommit(database);
  const statements = prepare(database);

  return {
    exchange: (push) => attempt(() => commits.run(push.changes.length + 1, () => exchange(push))),
    devices: (user, now) => attempt(() => statements.devices.all(now, user)),
    retireDevice: ({ user, device, except, now }) =>
      attempt(() =>
        commits.run(1, () => {
          const found = statements.retire.get(now, device, user);
          if (!found) return null;
          const ends = found.session !== null && found.session !== except;
          if (ends) statements.dropSession.run(found.session);
          return { session: ends ? found.session : null };
        }),
      ),
    compact: (step) => attempt(() => commits.run(stepRows, () => compact(step))),
    head: (user) => attempt(() => statements.head.get(user) ?? 0),
    ...createAccounts({ database, commits, attempt }),
    ...createPushSubscriptions({ database, attempt }),
    check: () => attempt(() => void statements.check.get()),
    async close() {
      commits.drain();
      database.close();
    },
  };
}

/** Runs a statement of its own, with the port's errors. */
async function attempt<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
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
    devices: database.prepare<[number, string], DeviceEntry>(
      `SELECT device.id, device.name, first_seen AS firstSeen, last_seen AS lastSeen, session.id AS session
       FROM device JOIN account ON account.key = device.user
       LEFT JOIN session ON session.token_hash = device.session AND session.user = device.user AND expires_at > ?
       WHERE account.id = ? AND retired_at IS NULL ORDER BY last_seen DESC, device.id`,
    ),
    retire: database.prepare<[number, string, string], { readonly session: string | null }>(
      `UPDATE device SET retired_at = ? WHERE id = ? AND retired_at IS NULL
         AND user = (SELECT key FROM account WHERE account.id = ?) RETURNING session`,
    ),
    head: database.prepare<[string], Sequence>('SELECT head FROM account WHERE id = ?').pluck(),
    dropSession: database.prepare<[string]>('DELETE FROM session WHERE token_hash = ?'),
    check: database.prepare('SELECT 1 FROM account LIMIT 1'),
  };
}
