/** The keys for Web Push, and the browsers that want to be woken, in the SQLite store. */
import type Database from 'better-sqlite3';
import { limits } from '../../../protocol/limits.ts';
import type { DueReminder, PushStore, PushTarget, Recipient, ReminderTime, VapidKeys } from '../../push-store.ts';

interface PushOptions {
  readonly database: Database.Database;
  /** Runs one statement, or several in one transaction, with the port's errors. */
  readonly attempt: <T>(work: () => T) => Promise<T>;
}

export function createPushSubscriptions({ database, attempt }: PushOptions): PushStore {
  const statements = prepare(database);
  const keep = database.transaction(({ publicKey, privateKey }: VapidKeys): VapidKeys => {
    statements.offerKeys.run(publicKey, privateKey);
    return statements.keys.get()!;
  });
  const put = database.transaction((subscription: Parameters<PushStore['subscribePush']>[0]): void => {
    const { user, session, target, reminder, now } = subscription;
    const { endpoint, p256dh, auth } = target;
    statements.put.run({ endpoint, p256dh, auth, now, session, user });
    if (reminder !== undefined) {
      const time = reminder ?? { hour: null, timeZone: null, nextAt: null };
      statements.setReminder.run(time.hour, time.timeZone, time.nextAt, session, user);
    }
    statements.dropOldest.run(user);
  });
  const claim = database.transaction((wakes: Parameters<PushStore['claimWakes']>[0]) => {
    const asked = { ...wakes, aware: JSON.stringify(wakes.aware) };
    const leftAlone = statements.leftAlone.get(asked)!;
    return { recipients: statements.claim.all(asked).map(recipientOf), leftAlone };
  });

  return {
    vapidKeys: (offered) => attempt(() => keep.immediate(offered)),
    subscribePush: (subscription) => attempt(() => put.immediate(subscription)),
    findPush: (session) =>
      attempt(() => {
        const found = statements.find.get(session);
        return found ? { endpoint: found.endpoint, reminder: reminderOf(found) } : null;
      }),
    unsubscribePush: (session, endpoint) =>
      attempt(() => {
        if (endpoint === undefined) statements.drop.run(session);
        else statements.dropOne.run(session, endpoint);
      }),
    notePushListeners: (sessions, until) =>
      attempt(() => void statements.noteListeners.run(until, JSON.stringify(sessions))),
    claimWakes: (wakes) => attempt(() => claim.immediate(wakes)),
    dueReminders: (now, limit) => attempt(() => statements.due.all({ now, limit }).map(dueOf)),
    moveReminder: ({ session, at, nextAt }) =>
      attempt(() => statements.moveReminder.run(nextAt, session, at).changes === 1),
    hasDueCards: (user, now) => attempt(() => statements.hasDueCards.get(user, now) !== undefined),
  };
}

type RecipientRecord = PushTarget & { readonly session: string };

function recipientOf({ session, endpoint, p256dh, auth }: RecipientRecord): Recipient {
  return { session, target: { endpoint, p256dh, auth } };
}

interface ReminderRecord {
  readonly hour: number | null;
  readonly timeZone: string | null;
}

function reminderOf({ hour, timeZone }: ReminderRecord): ReminderTime | null {
  return hour === null ? null : { hour, timeZone: timeZone! };
}

type DueRecord = RecipientRecord & ReminderTime & Pick<DueReminder, 'user' | 'at'> & { readonly listens: 0 | 1 };

function dueOf(record: DueRecord): DueReminder {
  const { user, hour, timeZone, at, listens } = record;
  return { ...recipientOf(record), user, hour, timeZone, at, listens: listens === 1 };
}

/** The account's key, for statements that know its id. */
const keyOf = '(SELECT key FROM account WHERE id = @user AND gone = 0)';
/** Those of a user that may have to be woken. */
const asleep = `push_subscription.user = ${keyOf} AND listens_until <= @now
  AND woken_at <= @changedAt AND session NOT IN (SELECT value FROM json_each(@aware))
  AND EXISTS (SELECT 1 FROM session s WHERE s.token_hash = push_subscription.session AND s.expires_at > @now)`;

interface ClaimValues {
  readonly user: string;
  readonly aware: string;
  readonly changedAt: number;
  readonly now: number;
  readonly wokenBefore: number;
}

function prepare(database: Database.Database) {
  return {
    offerKeys: database.prepare<[string, string]>(
      'INSERT INTO push_key (key, public_key, private_key) VALUES (1, ?, ?) ON CONFLICT (key) DO NOTHING',
    ),
    keys: database.prepare<[], VapidKeys>('SELECT public_key AS publicKey, private_key AS privateKey FROM push_key'),
    put: database.prepare<[PushTarget & { readonly now: number; readonly session: string; readonly user: string }]>(
      `INSERT INTO push_subscription (session, user, endpoint, p256dh, auth, created_at)
       SELECT token_hash, user, @endpoint, @p256dh, @auth, @now FROM session
       WHERE token_hash = @session AND user = ${keyOf}
       ON CONFLICT (session) DO UPDATE SET endpoint = @endpoint, p256dh = @p256dh, auth = @auth, created_at = @now`,
    ),
    setReminder: database.prepare<[number | null, string | null, number | null, string, string]>(
      `UPDATE push_subscription SET reminder_hour = ?, time_zone = ?, remind_at = ?
       WHERE session = ? AND user = (SELECT key FROM account WHERE id = ? AND gone = 0)`,
    ),
    dropOldest: database.prepare<[string]>(
      `DELETE FROM push_subscription WHERE session IN (
         SELECT session FROM push_subscription WHERE user = (SELECT key FROM account WHERE id = ? AND gone = 0)
         ORDER BY created_at DESC, session LIMIT -1 OFFSET ${limits.pushSubscriptions})`,
    ),
    find: database.prepare<[string], ReminderRecord & { readonly endpoint: string }>(
      'SELECT endpoint, reminder_hour AS hour, time_zone AS timeZone FROM push_subscription WHERE session = ?',
    ),
    drop: database.prepare<[string]>('DELETE FROM push_subscription WHERE session = ?'),
    dropOne: database.prepare<[string, string]>('DELETE FROM push_subscription WHERE session = ? AND endpoint = ?'),
    noteListeners: database.prepare<[number, string]>(
      'UPDATE push_subscription SET listens_until = ? WHERE session IN (SELECT value FROM json_each(?))',
    ),
    claim: database.prepare<[ClaimValues], RecipientRecord>(
      `UPDATE push_subscription SET woken_at = @now WHERE ${asleep} AND woken_at <= @wokenBefore
       RETURNING session, endpoint, p256dh, auth`,
    ),
    leftAlone: database
      .prepare<[ClaimValues], number | null>(
        `SELECT min(woken_at) FROM push_subscription WHERE ${asleep} AND woken_at > @wokenBefore`,
      )
      .pluck(),
    due: database.prepare<[{ readonly now: number; readonly limit: number }], DueRecord>(
      `SELECT session, endpoint, p256dh, auth, account.id AS user, reminder_hour AS hour, time_zone AS timeZone,
         remind_at AS at, listens_until > @now AS listens
       FROM push_subscription JOIN account ON account.key = user
       WHERE remind_at <= @now AND EXISTS (SELECT 1 FROM session s WHERE s.token_hash = session AND s.expires_at > @now)
       ORDER BY remind_at LIMIT @limit`,
    ),
    moveReminder: database.prepare<[number, string, number]>(
      'UPDATE push_subscription SET remind_at = ? WHERE session = ? AND remind_at = ?',
    ),
    hasDueCards: database.prepare<[string, number]>(
      `SELECT 1 FROM row WHERE user = (SELECT key FROM account WHERE id = ? AND gone = 0)
         AND tbl = 'vocabulary_item' AND deleted = 0
         AND data GLOB '*"card_state":[123][,}]*' AND json_valid(data) AND data ->> 'due_at' <= ? LIMIT 1`,
    ),
  };
}
