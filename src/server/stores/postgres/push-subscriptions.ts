/** The keys for Web Push, and the browsers that want to be woken, in PostgreSQL. */
import { limits } from '../../../protocol/limits.ts';
import type { PushStore, Recipient } from '../../push-store.ts';
import type { Connections, Statement } from './connections.ts';

type RecipientCells = [session: string, endpoint: string, p256dh: string, auth: string];

export function createPushSubscriptions({ run, transaction }: Connections): PushStore {
  return {
    async vapidKeys({ publicKey, privateKey }) {
      await run(statements.offerKeys, [publicKey, privateKey]);
      const [kept] = await run<[publicKey: string, privateKey: string]>(statements.keys, []);
      return { publicKey: kept![0], privateKey: kept![1] };
    },
    subscribePush: ({ user, session, target, reminder, now }) =>
      transaction(async (connection) => {
        const { endpoint, p256dh, auth } = target;
        await connection.run(statements.put, [user, session, endpoint, p256dh, auth, now]);
        if (reminder !== undefined) {
          const { hour, timeZone, nextAt } = reminder ?? { hour: null, timeZone: null, nextAt: null };
          await connection.run(statements.setReminder, [user, session, hour, timeZone, nextAt]);
        }
        await connection.run(statements.dropOldest, [user]);
      }),
    async findPush(session) {
      const [found] = await run<[endpoint: string, hour: number | null, timeZone: string]>(statements.find, [session]);
      if (!found) return null;
      const [endpoint, hour, timeZone] = found;
      return { endpoint, reminder: hour === null ? null : { hour, timeZone } };
    },
    async unsubscribePush(session, endpoint) {
      if (endpoint === undefined) await run(statements.drop, [session]);
      else await run(statements.dropOne, [session, endpoint]);
    },
    async notePushListeners(sessions, until) {
      await run(statements.noteListeners, [sessions, until]);
    },
    claimWakes: ({ user, aware, changedAt, now, wokenBefore }) =>
      transaction(async (connection) => {
        const asked = [user, now, aware, wokenBefore, changedAt];
        const [left] = await connection.run<[woken: string | null]>(statements.leftAlone, asked);
        const claimed = await connection.run<RecipientCells>(statements.claim, asked);
        const woken = left?.[0] ?? null;
        return { recipients: claimed.map(recipientOf), leftAlone: woken === null ? null : Number(woken) };
      }),
    async dueReminders(now, limit) {
      type Rest = [user: string, hour: number, timeZone: string, at: string, listens: boolean];
      const due = await run<[...RecipientCells, ...Rest]>(statements.due, [now, limit]);
      return due.map(([session, endpoint, p256dh, auth, user, hour, timeZone, at, listens]) => {
        const recipient = recipientOf([session, endpoint, p256dh, auth]);
        return { ...recipient, user, hour, timeZone, at: Number(at), listens };
      });
    },
    moveReminder: async ({ session, at, nextAt }) =>
      (await run(statements.moveReminder, [session, at, nextAt])).length === 1,
    hasDueCards: async (user, now) => (await run(statements.hasDueCards, [user, now])).length === 1,
  };
}

function recipientOf([session, endpoint, p256dh, auth]: RecipientCells): Recipient {
  return { session, target: { endpoint, p256dh, auth } };
}

const keyOf = '(SELECT key FROM account WHERE id = $1 AND NOT gone)';
const isGood = 'EXISTS (SELECT 1 FROM session s WHERE s.token_hash = p.session AND s.expires_at > $';
/** Those of a user that may have to be woken. */
const asleep = `p.usr = ${keyOf} AND p.listens_until <= $2 AND p.session <> ALL ($3::text[])
  AND p.woken_at <= $5 AND ${isGood}2)`;

const statements = {
  offerKeys: {
    name: 'push-offer-keys',
    text: 'INSERT INTO push_key (key, public_key, private_key) VALUES (1, $1, $2) ON CONFLICT (key) DO NOTHING',
  },
  keys: { name: 'push-keys', text: 'SELECT public_key, private_key FROM push_key' },
  put: {
    name: 'push-put',
    text: `
      INSERT INTO push_subscription (session, usr, endpoint, p256dh, auth, created_at)
      SELECT token_hash, usr, $3, $4, $5, $6 FROM session WHERE token_hash = $2 AND usr = ${keyOf}
      ON CONFLICT (session) DO UPDATE SET endpoint = excluded.endpoint, p256dh = excluded.p256dh, auth = excluded.auth,
        created_at = excluded.created_at`,
  },
  setReminder: {
    name: 'push-set-reminder',
    text: `
      UPDATE push_subscription SET reminder_hour = $3, time_zone = $4, remind_at = $5
      WHERE usr = ${keyOf} AND session = $2`,
  },
  dropOldest: {
    name: 'push-drop-oldest',
    text: `
      DELETE FROM push_subscription WHERE session IN (
        SELECT session FROM push_subscription WHERE usr = ${keyOf}
        ORDER BY created_at DESC, session OFFSET ${limits.pushSubscriptions})`,
  },
  find: {
    name: 'push-find',
    text: 'SELECT endpoint, reminder_hour, time_zone FROM push_subscription WHERE session = $1',
  },
  drop: { name: 'push-drop', text: 'DELETE FROM push_subscription WHERE session = $1' },
  dropOne: { name: 'push-drop-one', text: 'DELETE FROM push_subscription WHERE session = $1 AND endpoint = $2' },
  noteListeners: {
    name: 'push-note-listeners',
    text: 'UPDATE push_subscription SET listens_until = $2 WHERE session = ANY ($1::text[])',
  },
  /** Of two claims at once the second waits for the first, and looks again at when the browser was woken. */
  claim: {
    name: 'push-claim',
    text: `
      UPDATE push_subscription p SET woken_at = $2 WHERE ${asleep} AND p.woken_at <= $4
      RETURNING p.session, p.endpoint, p.p256dh, p.auth`,
  },
  leftAlone: {
    name: 'push-left-alone',
    text: `SELECT min(p.woken_at) FROM push_subscription p WHERE ${asleep} AND p.woken_at > $4`,
  },
  due: {
    name: 'push-due',
    text: `
      SELECT p.session, p.endpoint, p.p256dh, p.auth, a.id, p.reminder_hour, p.time_zone, p.remind_at,
        p.listens_until > $1
      FROM push_subscription p JOIN account a ON a.key = p.usr
      WHERE p.remind_at <= $1 AND ${isGood}1) ORDER BY p.remind_at LIMIT $2`,
  },
  moveReminder: {
    name: 'push-move-reminder',
    text: 'UPDATE push_subscription SET remind_at = $3 WHERE session = $1 AND remind_at = $2 RETURNING 1',
  },
  /** By its text, as in compaction.ts: a quote inside a value has a backslash before it. There is an index on it. */
  hasDueCards: {
    name: 'push-has-due-cards',
    text: `
      SELECT 1 FROM synced_row WHERE usr = ${keyOf} AND tbl = 'vocabulary_item' AND NOT deleted
        AND data ~ '"card_state":[123][,}]'
        AND substring(data from '"due_at":([0-9]{1,16})')::bigint <= $2::bigint LIMIT 1`,
  },
} satisfies Record<string, Statement>;
