/**
 * The server's SQLite file: opened, checked, brought to the present version. WAL with `synchronous=FULL`, so that an
 * acknowledged change survives a power cut.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { err, ok, type Result } from '../../../base/result.ts';

/** 'LORI': tells our file from any other SQLite database. */
const applicationId = 0x4c_4f_52_49;
/** Above this the check of the whole file is left to the operator: it would hold up the start. */
const checkedBytes = 256 * 1024 * 1024;

/**
 * Forward only, one a version; `PRAGMA user_version` counts those that ran. Rows are kept in a rowid table: keyed WITHOUT
 * ROWID, pull pages took twice as long.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE account (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    head INTEGER NOT NULL DEFAULT 0,
    clock INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE session (
    token_hash TEXT PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    device_name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX session_user ON session (user);
  CREATE INDEX session_expiry ON session (expires_at);
  CREATE TABLE row (
    key INTEGER PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    tbl TEXT NOT NULL,
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    data TEXT NOT NULL,
    meta TEXT NOT NULL,
    UNIQUE (user, tbl, id)
  ) STRICT;
  CREATE INDEX row_seq ON row (user, seq);
  `,
  // 2: sessions have a name of their own for the list, passkeys, accounts on their way out.
  `
  ALTER TABLE account ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE session ADD COLUMN id TEXT NOT NULL DEFAULT '';
  ALTER TABLE session ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
  UPDATE session SET id = lower(hex(randomblob(16))), used_at = created_at;
  DROP INDEX session_user;
  CREATE UNIQUE INDEX session_user ON session (user, id);
  CREATE TABLE passkey (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    credential_id TEXT NOT NULL UNIQUE,
    public_key BLOB NOT NULL,
    counter INTEGER NOT NULL,
    transports TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER
  ) STRICT;
  CREATE INDEX passkey_user ON passkey (user);
  CREATE TABLE ceremony (
    token_hash TEXT PRIMARY KEY,
    challenge TEXT NOT NULL,
    purpose TEXT NOT NULL,
    user INTEGER REFERENCES account (key) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX ceremony_expiry ON ceremony (expires_at);
  CREATE INDEX ceremony_user ON ceremony (user);
  `,
  // 3: devices, the epochs of an account's history, and how far back it is told.
  `
  ALTER TABLE account ADD COLUMN horizon INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE account ADD COLUMN epochs TEXT NOT NULL DEFAULT '';
  ALTER TABLE account ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE account ADD COLUMN noted INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE account ADD COLUMN noted_at INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE epoch (
    user INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    first INTEGER NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (user, first)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE device (
    user INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    session TEXT,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    cursor INTEGER NOT NULL,
    writer TEXT,
    stamp INTEGER NOT NULL,
    retired_at INTEGER,
    PRIMARY KEY (user, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX row_tombstone ON row (user, seq) WHERE deleted = 1;
  `,
  // 4: the accounts whose turn it is to be compacted.
  `
  ALTER TABLE account DROP COLUMN settled;
  CREATE INDEX account_noted ON account (noted_at) WHERE gone = 0;
  `,
  // 5: browsers that want to be woken, and the keys by which push services know this server.
  `
  CREATE TABLE push_key (
    key INTEGER PRIMARY KEY CHECK (key = 1),
    public_key TEXT NOT NULL,
    private_key TEXT NOT NULL
  ) STRICT;
  CREATE TABLE push_subscription (
    session TEXT PRIMARY KEY REFERENCES session (token_hash) ON DELETE CASCADE,
    user INTEGER NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    endpoint TEXT NOT NULL,
    p256dh TEXT NOT NULL,
    auth TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    listens_until INTEGER NOT NULL DEFAULT 0,
    woken_at INTEGER NOT NULL DEFAULT 0,
    reminder_hour INTEGER,
    time_zone TEXT,
    remind_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX push_subscription_user ON push_subscription (user);
  CREATE INDEX push_subscription_reminder ON push_subscription (remind_at) WHERE remind_at IS NOT NULL;
  `,
  // 6: the words of an account by when they are due, for what a new device gets first (exchange/preview.ts). By
  // their text, as in PostgreSQL: to read the JSON of every row for its condition took a tenth of all merges.
  `
  CREATE INDEX row_due ON row (user, data ->> 'due_at')
    WHERE tbl = 'vocabulary_item' AND deleted = 0 AND data GLOB '*"card_state":[123][,}]*' AND json_valid(data);
  `,
];

/** Opens or creates the file. The error is a sentence for the operator. */
export function openDatabaseFile(file: string): Result<Database.Database, string> {
  let database: Database.Database | null = null;
  try {
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
    database = new Database(file);
    const refusal = reasonToRefuse(database, file);
    if (refusal !== null) {
      database.close();
      return err(refusal);
    }
    configure(database);
    migrate(database);
    return ok(database);
  } catch (error) {
    database?.close();
    return err(explain(file, error));
  }
}

function reasonToRefuse(database: Database.Database, file: string): string | null {
  const version = database.pragma('user_version', { simple: true }) as number;
  const owner = database.pragma('application_id', { simple: true });
  const objects = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number;
  if (objects > 0 && owner !== applicationId) {
    return `${file} is a SQLite database of another program. Point LORIKEET_DATA to another file.`;
  }
  if (version > migrations.length) {
    return `${file} was written by a newer server (version ${version}, this one knows ${migrations.length}). Update the server.`;
  }
  if (file !== ':memory:' && statSync(file).size <= checkedBytes) {
    const fault = database.pragma('quick_check(1)', { simple: true });
    if (fault !== 'ok') return damaged(file);
  }
  return null;
}

function configure(database: Database.Database): void {
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  // Overwrites what a page no longer holds, where that costs no write of its own: else moved cells leave copies behind.
  database.pragma('secure_delete = FAST');
  // After a checkpoint the log is cut back to this, so that one large push does not leave a large file for ever.
  database.pragma('journal_size_limit = 67108864');
  // Pages of the log, 32 MB: a page that was written many times moves into the file once. A tenth less processor time a push
  // than with 1,000, the default.
  database.pragma('wal_autocheckpoint = 8000');
  database.pragma('cache_size = -65536');
}

function migrate(database: Database.Database): void {
  const step = database.transaction(() => {
    const version = database.pragma('user_version', { simple: true }) as number;
    for (const sql of migrations.slice(version)) database.exec(sql);
    database.pragma(`application_id = ${applicationId}`);
    database.pragma(`user_version = ${migrations.length}`);
  });
  step.immediate();
}

function explain(file: string, error: unknown): string {
  if (error instanceof Database.SqliteError) {
    if (error.code === 'SQLITE_NOTADB') return `${file} is not a SQLite database. Point LORIKEET_DATA to another file.`;
    if (error.code.startsWith('SQLITE_CORRUPT')) return damaged(file);
    return `${file} cannot be opened: ${error.message} (${error.code}).`;
  }
  return `${file} cannot be opened: ${(error as Error).message}.`;
}

function damaged(file: string): string {
  return `${file} is damaged. Put a backup in its place, or move it away to start with an empty one.`;
}
