/** Accounts, sessions, passkeys and their ceremonies in PostgreSQL. */
import { limits } from '../../../protocol/limits.ts';
import type {
  AccountRecord,
  AccountStore,
  Ceremony,
  Passkey,
  Session as StoredSession,
  StoredValues,
} from '../../account-store.ts';
import { removeAccount } from './account-removal.ts';
import { createBatches } from './batches.ts';
import type { Connections, Statement } from './connections.ts';

export function createAccounts(connections: Connections): AccountStore {
  const { run } = connections;
  return {
    ...createSessions(connections),
    ...createPasskeys(connections),
    async createAccount({ id, name, nameKey, passwordHash, now }) {
      const [made] = await run(accounts.add, [id, name, nameKey, passwordHash, now]);
      return made ? { id, name } : null;
    },
    findAccount: async (nameKey) => accountOf(await run(accounts.find, [nameKey])),
    getAccount: async (user) => accountOf(await run(accounts.get, [user])),
    async changePassword({ user, passwordHash, keep }) {
      return (await run<[string]>(accounts.setPassword, [user, passwordHash, keep])).map(([tokenHash]) => tokenHash);
    },
    deleteAccount: (user) => removeAccount(connections, user),
    async listRows({ user, table, after, limit }) {
      const [found] = await run<[string | null]>(accounts.listRows, [user, table, after, limit]);
      const listed = JSON.parse(`[${found?.[0] ?? ''}]`) as [id: string, values: StoredValues['values']][];
      return listed.map(([id, values]) => ({ id, values }));
    },
  };
}

type SessionMethod = `${string}Session${string}` & keyof AccountStore;

function createSessions({ run }: Connections): Pick<AccountStore, SessionMethod> {
  const hashes = (rows: [tokenHash: string][]): string[] => rows.map(([tokenHash]) => tokenHash);
  // Every request asks for one.
  const find = createBatches<string, StoredSession | null>({
    ...{ lanes: 2, heaviest: 200, weigh: () => 1 },
    async work(tokenHashes) {
      const found = new Map((await run<SessionCells>(sessions.find, [tokenHashes])).map(sessionOf));
      return tokenHashes.map((tokenHash) => found.get(tokenHash) ?? null);
    },
  });
  return {
    async createSession({ id, tokenHash, user, deviceName, now, expiresAt }) {
      await run(sessions.dropExpired, [now]);
      await run(sessions.add, [tokenHash, user, id, deviceName, now, expiresAt]);
    },
    async findSession(tokenHash, now) {
      const found = await find(tokenHash);
      return found && found.expiresAt > now ? found : null;
    },
    async touchSession(tokenHash, { usedAt, expiresAt }) {
      await run(sessions.touch, [tokenHash, usedAt, expiresAt]);
    },
    async listSessions(user, now) {
      type Listed = [id: string, tokenHash: string, deviceName: string, createdAt: string, usedAt: string];
      const listed = await run<Listed>(sessions.list, [user, now]);
      return listed.map(([id, tokenHash, deviceName, createdAt, usedAt]) => {
        return { id, tokenHash, deviceName, createdAt: Number(createdAt), usedAt: Number(usedAt) };
      });
    },
    async deleteSession(tokenHash) {
      await run(sessions.drop, [tokenHash]);
    },
    endSession: async (user, id) => hashes(await run(sessions.end, [user, id]))[0] ?? null,
    endOtherSessions: async (user, keep) => hashes(await run(sessions.endOthers, [user, keep])),
  };
}

type SessionCells = [tokenHash: string, id: string, usedAt: string, expiresAt: string, user: string, name: string];

function sessionOf([tokenHash, id, usedAt, expiresAt, user, name]: SessionCells): [string, StoredSession] {
  return [tokenHash, { id, user: { id: user, name }, usedAt: Number(usedAt), expiresAt: Number(expiresAt) }];
}

type PasskeyMethod = (`${string}Passkey${string}` | `${string}Ceremony`) & keyof AccountStore;

function createPasskeys({ run }: Connections): Pick<AccountStore, PasskeyMethod> {
  return {
    async addPasskey({ id, user, credentialId, publicKey, counter, transports, name, now }) {
      const key = Buffer.from(publicKey);
      const values = [user, id, credentialId, key, counter, JSON.stringify(transports), name, now];
      return (await run(passkeys.add, values)).length === 1;
    },
    listPasskeys: async (user) => (await run<PasskeyCells>(passkeys.list, [user])).map(passkeyOf),
    async findPasskey(credentialId) {
      const [found] = await run<[...PasskeyCells, user: string, account: string]>(passkeys.find, [credentialId]);
      if (!found) return null;
      const [user, name] = [found[8], found[9]];
      return { passkey: passkeyOf(found), user: { id: user, name } };
    },
    usePasskey: async ({ credentialId, counterBefore, counter, now }) =>
      (await run(passkeys.use, [credentialId, counterBefore, counter, now])).length === 1,
    renamePasskey: async ({ user, id, name }) => (await run(passkeys.rename, [user, id, name])).length === 1,
    deletePasskey: async (user, id) => (await run(passkeys.drop, [user, id])).length === 1,
    async beginCeremony({ tokenHash, challenge, purpose, user, expiresAt }, now) {
      await run(ceremonies.dropExpired, [now]);
      await run(ceremonies.add, [tokenHash, challenge, purpose, user, expiresAt]);
    },
    async takeCeremony(tokenHash, now) {
      type Taken = [challenge: string, purpose: Ceremony['purpose'], user: string | null, expiresAt: string];
      const [taken] = await run<Taken>(ceremonies.take, [tokenHash]);
      if (!taken || Number(taken[3]) <= now) return null;
      return { tokenHash, challenge: taken[0], purpose: taken[1], user: taken[2], expiresAt: Number(taken[3]) };
    },
  };
}

function accountOf(rows: (readonly unknown[])[]): AccountRecord | null {
  const [found] = rows as [id: string, name: string, passwordHash: string, createdAt: string][];
  if (!found) return null;
  return { id: found[0], name: found[1], passwordHash: found[2], createdAt: Number(found[3]) };
}

type PasskeyCells = [
  id: string,
  credentialId: string,
  publicKey: Buffer,
  counter: string,
  transports: string,
  name: string,
  createdAt: string,
  usedAt: string | null,
];

function passkeyOf(cells: readonly [...PasskeyCells, ...unknown[]]): Passkey {
  const [id, credentialId, publicKey, counter, transports, name, createdAt, usedAt] = cells;
  return {
    id,
    credentialId,
    publicKey: new Uint8Array(publicKey),
    counter: Number(counter),
    transports: JSON.parse(transports) as string[],
    name,
    createdAt: Number(createdAt),
    usedAt: usedAt === null ? null : Number(usedAt),
  };
}

/** The account's key, for statements that know its id. */
const keyOf = '(SELECT key FROM account WHERE id = $1 AND NOT gone)';

const accounts = {
  add: {
    name: 'account-add',
    text: `
      WITH made AS (
        INSERT INTO account (id, name, name_key, password_hash, created_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (name_key) DO NOTHING RETURNING key
      )
      INSERT INTO account_head (usr) SELECT key FROM made RETURNING usr`,
  },
  find: {
    name: 'account-find',
    text: 'SELECT id, name, password_hash, created_at FROM account WHERE name_key = $1 AND NOT gone',
  },
  get: {
    name: 'account-get',
    text: 'SELECT id, name, password_hash, created_at FROM account WHERE id = $1 AND NOT gone',
  },
  setPassword: {
    name: 'account-set-password',
    text: `
      WITH changed AS (UPDATE account SET password_hash = $2 WHERE id = $1 AND NOT gone RETURNING key)
      DELETE FROM session USING changed WHERE usr = changed.key AND token_hash <> $3 RETURNING token_hash`,
  },
  /** The page ends after the row that takes it past the bytes, as in every pull. */
  listRows: {
    name: 'account-list-rows',
    text: `
      SELECT string_agg('["' || id || '",' || data || ']', ',' ORDER BY id) FILTER (WHERE before <= ${limits.pullBytes})
      FROM (
        SELECT id, data, sum(octet_length(data)) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) - octet_length(data) AS before
        FROM (
          SELECT id, data FROM synced_row WHERE usr = ${keyOf} AND tbl = $2 AND id > $3 AND NOT deleted
          ORDER BY id LIMIT $4
        ) bounded
      ) measured`,
  },
} satisfies Record<string, Statement>;

const sessions = {
  add: {
    name: 'session-add',
    text: `
      INSERT INTO session (token_hash, usr, id, device_name, created_at, used_at, expires_at)
      SELECT $1, key, $3, $4, $5, $5, $6 FROM account WHERE id = $2 AND NOT gone`,
  },
  find: {
    name: 'session-find',
    text: `
      SELECT s.token_hash, s.id, s.used_at, s.expires_at, a.id, a.name FROM session s JOIN account a ON a.key = s.usr
      WHERE s.token_hash = ANY ($1::text[])`,
  },
  touch: { name: 'session-touch', text: 'UPDATE session SET used_at = $2, expires_at = $3 WHERE token_hash = $1' },
  list: {
    name: 'session-list',
    text: `
      SELECT id, token_hash, device_name, created_at, used_at FROM session WHERE usr = ${keyOf} AND expires_at > $2
      ORDER BY used_at DESC, created_at DESC, id`,
  },
  drop: { name: 'session-drop', text: 'DELETE FROM session WHERE token_hash = $1' },
  dropExpired: { name: 'session-drop-expired', text: 'DELETE FROM session WHERE expires_at <= $1' },
  end: { name: 'session-end', text: `DELETE FROM session WHERE usr = ${keyOf} AND id = $2 RETURNING token_hash` },
  endOthers: {
    name: 'session-end-others',
    text: `DELETE FROM session WHERE usr = ${keyOf} AND token_hash <> $2 RETURNING token_hash`,
  },
} satisfies Record<string, Statement>;

const passkeyColumns = `p.id, p.credential_id, p.public_key, p.counter, p.transports, p.name, p.created_at, p.used_at`;

const passkeys = {
  add: {
    name: 'passkey-add',
    text: `
      INSERT INTO passkey (usr, id, credential_id, public_key, counter, transports, name, created_at)
      SELECT key, $2, $3, $4, $5, $6, $7, $8 FROM account WHERE id = $1 AND NOT gone
      ON CONFLICT (credential_id) DO NOTHING RETURNING 1`,
  },
  list: { name: 'passkey-list', text: `SELECT ${passkeyColumns} FROM passkey p WHERE usr = ${keyOf} ORDER BY p.key` },
  find: {
    name: 'passkey-find',
    text: `
      SELECT ${passkeyColumns}, a.id, a.name FROM passkey p JOIN account a ON a.key = p.usr
      WHERE p.credential_id = $1 AND NOT a.gone`,
  },
  use: {
    name: 'passkey-use',
    text: 'UPDATE passkey SET counter = $3, used_at = $4 WHERE credential_id = $1 AND counter = $2 RETURNING 1',
  },
  rename: { name: 'passkey-rename', text: `UPDATE passkey SET name = $3 WHERE usr = ${keyOf} AND id = $2 RETURNING 1` },
  drop: { name: 'passkey-drop', text: `DELETE FROM passkey WHERE usr = ${keyOf} AND id = $2 RETURNING 1` },
} satisfies Record<string, Statement>;

const ceremonies = {
  dropExpired: { name: 'ceremony-drop-expired', text: 'DELETE FROM ceremony WHERE expires_at <= $1' },
  add: {
    name: 'ceremony-add',
    text: `
      INSERT INTO ceremony (token_hash, challenge, purpose, usr, expires_at)
      VALUES ($1, $2, $3, (SELECT key FROM account WHERE id = $4 AND NOT gone), $5)`,
  },
  take: {
    name: 'ceremony-take',
    text: `
      DELETE FROM ceremony WHERE token_hash = $1
      RETURNING challenge, purpose, (SELECT id FROM account WHERE key = usr), expires_at`,
  },
} satisfies Record<string, Statement>;
