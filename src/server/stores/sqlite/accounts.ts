/** Accounts, sessions and passkeys of the SQLite store. */
import type Database from 'better-sqlite3';
import { limits } from '../../../protocol/limits.ts';
import type {
  AccountRecord,
  AccountStore,
  Ceremony,
  Passkey,
  Session,
  SessionEntry,
  StoredValues,
} from '../../account-store.ts';
import { removeGone, removeInSlices } from './account-removal.ts';
import type { GroupCommit } from './group-commit.ts';

interface AccountsOptions {
  readonly database: Database.Database;
  readonly commits: GroupCommit;
  /** Runs one statement, or several in one transaction, with the port's errors. */
  readonly attempt: <T>(work: () => T | Promise<T>) => Promise<T>;
}

export function createAccounts({ database, commits, attempt }: AccountsOptions): AccountStore {
  const { accounts, sessions, passkeys, ceremonies, rows } = prepare(database);
  // Of a deletion that a crash cut short.
  removeGone(database);

  const changePassword = database.transaction((user: string, passwordHash: string, keep: string): string[] => {
    accounts.setPassword.run(passwordHash, user);
    return sessions.endOthers.all(user, keep);
  });

  return {
    createAccount: ({ id, name, nameKey, passwordHash, now }) =>
      attempt(() => (accounts.add.run(id, name, nameKey, passwordHash, now).changes === 1 ? { id, name } : null)),
    findAccount: (nameKey) => attempt(() => accounts.find.get(nameKey) ?? null),
    getAccount: (user) => attempt(() => accounts.get.get(user) ?? null),
    changePassword: ({ user, passwordHash, keep }) => attempt(() => changePassword.immediate(user, passwordHash, keep)),
    deleteAccount: (user) => attempt(() => removeInSlices({ database, commits, user })),
    listRows: (page) => attempt(() => listRows(rows.list, page)),

    createSession: ({ id, tokenHash, user, deviceName, now, expiresAt }) =>
      attempt(() => {
        sessions.dropExpired.run(now);
        sessions.add.run(tokenHash, id, deviceName, now, now, expiresAt, user);
      }),
    findSession: (tokenHash, now) =>
      attempt(() => {
        const found = sessions.find.get(tokenHash, now);
        if (!found) return null;
        const { id, usedAt, expiresAt, user, name } = found;
        return { id, usedAt, expiresAt, user: { id: user, name } };
      }),
    touchSession: (tokenHash, { usedAt, expiresAt }) =>
      attempt(() => void sessions.touch.run(usedAt, expiresAt, tokenHash)),
    listSessions: (user, now) => attempt(() => sessions.list.all(user, now)),
    deleteSession: (tokenHash) => attempt(() => void sessions.drop.run(tokenHash)),
    endSession: (user, id) => attempt(() => sessions.end.get(user, id) ?? null),
    endOtherSessions: (user, keep) => attempt(() => sessions.endOthers.all(user, keep)),

    addPasskey: ({ id, user, credentialId, publicKey, counter, transports, name, now }) =>
      attempt(() => {
        const values = [id, credentialId, publicKey, counter, JSON.stringify(transports), name, now] as const;
        return passkeys.add.run(...values, user).changes === 1;
      }),
    listPasskeys: (user) => attempt(() => passkeys.list.all(user).map(passkeyOf)),
    findPasskey: (credentialId) =>
      attempt(() => {
        const found = passkeys.find.get(credentialId);
        return found ? { passkey: passkeyOf(found), user: { id: found.account_id, name: found.account_name } } : null;
      }),
    usePasskey: ({ credentialId, counterBefore, counter, now }) =>
      attempt(() => passkeys.use.run(counter, now, credentialId, counterBefore).changes === 1),
    renamePasskey: ({ user, id, name }) => attempt(() => passkeys.rename.run(name, id, user).changes === 1),
    deletePasskey: (user, id) => attempt(() => passkeys.drop.run(id, user).changes === 1),

    beginCeremony: ({ tokenHash, challenge, purpose, user, expiresAt }, now) =>
      attempt(() => {
        ceremonies.dropExpired.run(now);
        ceremonies.add.run(tokenHash, challenge, purpose, user, expiresAt);
      }),
    takeCeremony: (tokenHash, now) =>
      attempt(() => {
        const taken = ceremonies.take.get(tokenHash);
        return taken && taken.expiresAt > now ? taken : null;
      }),
  };
}

type ListRows = Database.Statement<[string, string, string, number], [id: string, data: string]>;

function listRows(list: ListRows, page: Parameters<AccountStore['listRows']>[0]): StoredValues[] {
  const listed: StoredValues[] = [];
  let bytes = 0;
  for (const [id, data] of list.iterate(page.user, page.table, page.after, page.limit)) {
    listed.push({ id, values: JSON.parse(data) as StoredValues['values'] });
    bytes += data.length;
    if (bytes > limits.pullBytes) break;
  }
  return listed;
}

interface PasskeyRecord {
  readonly id: string;
  readonly credential_id: string;
  readonly public_key: Buffer;
  readonly counter: number;
  readonly transports: string;
  readonly name: string;
  readonly created_at: number;
  readonly used_at: number | null;
}

function passkeyOf(record: PasskeyRecord): Passkey {
  return {
    id: record.id,
    credentialId: record.credential_id,
    publicKey: new Uint8Array(record.public_key),
    counter: record.counter,
    transports: JSON.parse(record.transports) as string[],
    name: record.name,
    createdAt: record.created_at,
    usedAt: record.used_at,
  };
}

/** The account's key, for statements that know its id. */
const keyOf = '(SELECT key FROM account WHERE id = ? AND gone = 0)';

function prepare(database: Database.Database) {
  const account = 'SELECT id, name, password_hash AS passwordHash, created_at AS createdAt FROM account';
  return {
    accounts: {
      add: database.prepare<[string, string, string, string, number]>(
        `INSERT INTO account (id, name, name_key, password_hash, created_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (name_key) DO NOTHING`,
      ),
      find: database.prepare<[string], AccountRecord>(`${account} WHERE name_key = ? AND gone = 0`),
      get: database.prepare<[string], AccountRecord>(`${account} WHERE id = ? AND gone = 0`),
      setPassword: database.prepare<[string, string]>('UPDATE account SET password_hash = ? WHERE id = ? AND gone = 0'),
    },
    sessions: prepareSessions(database),
    passkeys: preparePasskeys(database),
    ceremonies: {
      dropExpired: database.prepare<[number]>('DELETE FROM ceremony WHERE expires_at <= ?'),
      add: database.prepare<[string, string, Ceremony['purpose'], string | null, number]>(
        `INSERT INTO ceremony (token_hash, challenge, purpose, user, expires_at) VALUES (?, ?, ?, ${keyOf}, ?)`,
      ),
      take: database.prepare<[string], Ceremony>(
        `DELETE FROM ceremony WHERE token_hash = ? RETURNING token_hash AS tokenHash, challenge, purpose,
           (SELECT id FROM account WHERE key = user) AS user, expires_at AS expiresAt`,
      ),
    },
    rows: {
      list: database
        .prepare<[string, string, string, number], [id: string, data: string]>(
          `SELECT id, data FROM row WHERE user = ${keyOf} AND tbl = ? AND id > ? AND deleted = 0 ORDER BY id LIMIT ?`,
        )
        .raw(),
    },
  };
}

interface SessionRecord extends Omit<Session, 'user'> {
  readonly user: string;
  readonly name: string;
}

function prepareSessions(database: Database.Database) {
  return {
    add: database.prepare<[string, string, string, number, number, number, string]>(
      `INSERT INTO session (token_hash, id, device_name, created_at, used_at, expires_at, user)
       SELECT ?, ?, ?, ?, ?, ?, key FROM account WHERE id = ? AND gone = 0`,
    ),
    find: database.prepare<[string, number], SessionRecord>(
      `SELECT session.id, session.used_at AS usedAt, session.expires_at AS expiresAt, account.id AS user, account.name
       FROM session JOIN account ON account.key = session.user
       WHERE session.token_hash = ? AND session.expires_at > ?`,
    ),
    touch: database.prepare<[number, number, string]>(
      'UPDATE session SET used_at = ?, expires_at = ? WHERE token_hash = ?',
    ),
    list: database.prepare<[string, number], SessionEntry>(
      `SELECT id, token_hash AS tokenHash, device_name AS deviceName, created_at AS createdAt, used_at AS usedAt
       FROM session WHERE user = ${keyOf} AND expires_at > ? ORDER BY used_at DESC, created_at DESC, id`,
    ),
    drop: database.prepare<[string]>('DELETE FROM session WHERE token_hash = ?'),
    dropExpired: database.prepare<[number]>('DELETE FROM session WHERE expires_at <= ?'),
    end: database
      .prepare<[string, string], string>(`DELETE FROM session WHERE user = ${keyOf} AND id = ? RETURNING token_hash`)
      .pluck(),
    endOthers: database
      .prepare<[string, string], string>(
        `DELETE FROM session WHERE user = ${keyOf} AND token_hash <> ? RETURNING token_hash`,
      )
      .pluck(),
  };
}

function preparePasskeys(database: Database.Database) {
  const columns = `passkey.id, credential_id, public_key, counter, transports, passkey.name, passkey.created_at,
    passkey.used_at`;
  return {
    add: database.prepare<[string, string, Uint8Array, number, string, string, number, string]>(
      `INSERT INTO passkey (id, credential_id, public_key, counter, transports, name, created_at, user)
       SELECT ?, ?, ?, ?, ?, ?, ?, key FROM account WHERE id = ? AND gone = 0 ON CONFLICT (credential_id) DO NOTHING`,
    ),
    list: database.prepare<[string], PasskeyRecord>(
      `SELECT ${columns} FROM passkey WHERE user = ${keyOf} ORDER BY passkey.key`,
    ),
    find: database.prepare<[string], PasskeyRecord & { readonly account_id: string; readonly account_name: string }>(
      `SELECT ${columns}, account.id AS account_id, account.name AS account_name
       FROM passkey JOIN account ON account.key = passkey.user WHERE credential_id = ? AND gone = 0`,
    ),
    use: database.prepare<[number, number, string, number]>(
      'UPDATE passkey SET counter = ?, used_at = ? WHERE credential_id = ? AND counter = ?',
    ),
    rename: database.prepare<[string, string, string]>(`UPDATE passkey SET name = ? WHERE id = ? AND user = ${keyOf}`),
    drop: database.prepare<[string, string]>(`DELETE FROM passkey WHERE id = ? AND user = ${keyOf}`),
  };
}
