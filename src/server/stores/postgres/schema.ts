/**
 * The tables in PostgreSQL. Forward only, one step a version; every server that starts brings them up to date, one at a
 * time.
 *
 * Accounts, names and sessions are found by other keys than the user and are small. What grows with use, `account_head` and
 * `synced_row`, is keyed by user first, so that it can be partitioned, or distributed over machines, by user.
 */
import type { Client } from 'pg';

/** Fixed for good: another number would mean to rewrite every row. */
const partitions = 16;

/** Names the lock that a server holds while it brings the tables up to date: 'lori' and 'keet' as numbers. */
const migrationLock = '(1819243113, 1801807220)';

export const migrations: readonly string[] = [
  `
  CREATE TABLE account (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    name text NOT NULL,
    name_key text COLLATE "C" NOT NULL UNIQUE,
    password_hash text NOT NULL,
    created_at bigint NOT NULL,
    gone boolean NOT NULL DEFAULT false
  );
  CREATE INDEX account_gone ON account (key) WHERE gone;
  CREATE TABLE session (
    token_hash text COLLATE "C" PRIMARY KEY,
    usr bigint NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    device_name text NOT NULL,
    created_at bigint NOT NULL,
    used_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    UNIQUE (usr, id)
  );
  CREATE INDEX session_expiry ON session (expires_at);
  CREATE TABLE passkey (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    usr bigint NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    credential_id text COLLATE "C" NOT NULL UNIQUE,
    public_key bytea NOT NULL,
    counter bigint NOT NULL,
    transports text NOT NULL,
    name text NOT NULL,
    created_at bigint NOT NULL,
    used_at bigint
  );
  CREATE INDEX passkey_usr ON passkey (usr);
  CREATE TABLE ceremony (
    token_hash text COLLATE "C" PRIMARY KEY,
    challenge text NOT NULL,
    purpose text NOT NULL,
    usr bigint REFERENCES account (key) ON DELETE CASCADE,
    expires_at bigint NOT NULL
  );
  CREATE INDEX ceremony_expiry ON ceremony (expires_at);
  CREATE INDEX ceremony_usr ON ceremony (usr);

  -- Half of each page stays free, so that moving a head writes to the page it is on and to no index.
  CREATE TABLE account_head (
    usr bigint PRIMARY KEY,
    version bigint NOT NULL DEFAULT 0,
    head bigint NOT NULL DEFAULT 0,
    clock bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 50);

  -- data and meta are JSON as text: jsonb refuses U+0000, which a person can type, and would be built anew for every pull.
  CREATE TABLE synced_row (
    usr bigint NOT NULL,
    tbl text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    deleted boolean NOT NULL,
    choice boolean NOT NULL,
    data text NOT NULL,
    meta text NOT NULL,
    PRIMARY KEY (usr, tbl, id)
  ) PARTITION BY HASH (usr);
  ${partitionsOf('synced_row')}
  CREATE INDEX synced_row_seq ON synced_row (usr, seq);
  CREATE INDEX synced_row_choice ON synced_row (usr) WHERE choice;
  `,
  // 2: devices, the epochs of an account's history, and how far back it is told.
  `
  ALTER TABLE account_head ADD COLUMN horizon bigint NOT NULL DEFAULT 0;
  ALTER TABLE account_head ADD COLUMN epochs text NOT NULL DEFAULT '';
  ALTER TABLE account_head ADD COLUMN noted bigint NOT NULL DEFAULT 0;
  ALTER TABLE account_head ADD COLUMN noted_at bigint NOT NULL DEFAULT 0;
  ALTER TABLE lorikeet_schema ADD COLUMN epoch text NOT NULL DEFAULT '';
  CREATE TABLE epoch (
    usr bigint NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    first bigint NOT NULL,
    id text NOT NULL,
    PRIMARY KEY (usr, first)
  );
  CREATE TABLE device (
    usr bigint NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    session text,
    first_seen bigint NOT NULL,
    last_seen bigint NOT NULL,
    cursor bigint NOT NULL,
    writer text,
    stamp bigint NOT NULL,
    retired_at bigint,
    PRIMARY KEY (usr, id)
  );
  `,
  // 3: the accounts whose turn it is to be compacted, and what can go of one.
  `
  CREATE INDEX account_head_noted ON account_head (noted_at);
  CREATE INDEX synced_row_tombstone ON synced_row (usr, seq) WHERE deleted;
  `,
  // 4: browsers that want to be woken, and the keys by which push services know these servers.
  `
  CREATE TABLE push_key (
    key integer PRIMARY KEY CHECK (key = 1),
    public_key text NOT NULL,
    private_key text NOT NULL
  );
  CREATE TABLE push_subscription (
    session text COLLATE "C" PRIMARY KEY REFERENCES session (token_hash) ON DELETE CASCADE,
    usr bigint NOT NULL REFERENCES account (key) ON DELETE CASCADE,
    endpoint text NOT NULL,
    p256dh text NOT NULL,
    auth text NOT NULL,
    created_at bigint NOT NULL,
    listens_until bigint NOT NULL DEFAULT 0,
    woken_at bigint NOT NULL DEFAULT 0,
    reminder_hour integer,
    time_zone text,
    remind_at bigint
  );
  CREATE INDEX push_subscription_usr ON push_subscription (usr);
  CREATE INDEX push_subscription_reminder ON push_subscription (remind_at) WHERE remind_at IS NOT NULL;
  `,
  // 5: the words of an account by when they are due, for what a new device gets first (exchange/preview.ts). By their
  // text: PostgreSQL reads no JSON with U+0000 in it, and a row that the index refuses could not be stored.
  `
  CREATE INDEX synced_row_due ON synced_row (usr, (substring(data from '"due_at":([0-9]{1,16})')::bigint))
    WHERE tbl = 'vocabulary_item' AND NOT deleted AND data ~ '"card_state":[123][,}]';
  `,
];

function partitionsOf(table: string): string {
  return Array.from(
    { length: partitions },
    (_, at) =>
      `CREATE TABLE ${table}_${at} PARTITION OF ${table} FOR VALUES WITH (MODULUS ${partitions}, REMAINDER ${at});`,
  ).join('\n');
}

export interface Migrated {
  readonly from: number;
  /** The version that this server knows. When `from` is above it, nothing was done. */
  readonly to: number;
}

/** Brings the tables up to date, in one transaction. */
export async function migrate(client: Client): Promise<Migrated> {
  await client.query('BEGIN');
  await client.query(`SELECT pg_advisory_xact_lock${migrationLock}`);
  await client.query('CREATE TABLE IF NOT EXISTS lorikeet_schema (version integer NOT NULL)');
  const found = await client.query<{ version: number }>('SELECT version FROM lorikeet_schema');
  const from = found.rows[0]?.version ?? 0;
  for (const step of migrations.slice(from)) await client.query(step);
  if (from < migrations.length) {
    await client.query('DELETE FROM lorikeet_schema');
    await client.query('INSERT INTO lorikeet_schema (version) VALUES ($1)', [migrations.length]);
  }
  await client.query('COMMIT');
  return { from, to: migrations.length };
}
