/**
 * The part of the storage port that is about Web Push: the server's keys, and which signed-in browsers want to be woken. One
 * behavioural suite (tests/conformance/push-store.ts). A subscription belongs to a session and goes with it, however that
 * ends (I7). Times are milliseconds since 1970, keys are base64url.
 */

/** The server's name towards push services (VAPID, RFC 8292). A subscription is bound to it. */
export interface VapidKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** Where a browser's push service takes messages for it, and what they are encrypted with (RFC 8291). */
export interface PushTarget {
  readonly endpoint: string;
  readonly p256dh: string;
  readonly auth: string;
}

/** The hour of the day at which the person wants to hear of due cards, where that browser is. */
export interface ReminderTime {
  readonly hour: number;
  /** As `Intl` names it. */
  readonly timeZone: string;
}

export interface NewSubscription {
  readonly user: string;
  /** Hash of the session's token. */
  readonly session: string;
  readonly target: PushTarget;
  /** Undefined: as it was, or none. Null: none. */
  readonly reminder?: (ReminderTime & { readonly nextAt: number }) | null | undefined;
  readonly now: number;
}

/** Who is told, found by a claim: nobody else tells them of the same. */
export interface Recipient {
  readonly session: string;
  readonly target: PushTarget;
}

export interface WakeClaim {
  readonly user: string;
  /** Sessions that know of everything already. */
  readonly aware: readonly string[];
  /** When the last of the news came: who was woken after that has been told of it, by whichever server. */
  readonly changedAt: number;
  readonly now: number;
  /** Browsers that were woken after this are left alone. */
  readonly wokenBefore: number;
}

export interface ClaimedWakes {
  readonly recipients: readonly Recipient[];
  /** Of those that were woken too lately, when the one that was left alone longest was; null: there are none. */
  readonly leftAlone: number | null;
}

export interface DueReminder extends Recipient, ReminderTime {
  readonly user: string;
  /** For when it was planned. */
  readonly at: number;
  /** Whether a page of this browser is open and hears of news anyway. */
  readonly listens: boolean;
}

export interface PushStore {
  /** The keys that are kept; those offered when there are none yet, from then on and for every server on this storage. */
  vapidKeys(offered: VapidKeys): Promise<VapidKeys>;

  /**
   * In place of the session's subscription, if it has one. Beyond `limits.pushSubscriptions` the user's oldest go. Nothing
   * happens when the session is not the user's, or not any more.
   */
  subscribePush(subscription: NewSubscription): Promise<void>;
  findPush(session: string): Promise<{ readonly endpoint: string; readonly reminder: ReminderTime | null } | null>;
  /** With an endpoint: only if it is still this one. */
  unsubscribePush(session: string, endpoint?: string): Promise<void>;

  /** Pages of these sessions hear of news by themselves until then; or not any more, with a time that is past. */
  notePushListeners(sessions: readonly string[], until: number): Promise<void>;
  /** The user's browsers that are to be woken now, and notes that they were. Of several claims at once each is in one. */
  claimWakes(claim: WakeClaim): Promise<ClaimedWakes>;

  /** The earliest first, of sessions that are good at `now`. */
  dueReminders(now: number, limit: number): Promise<DueReminder[]>;
  /** Plans the next one. False when another server did. */
  moveReminder(move: { readonly session: string; readonly at: number; readonly nextAt: number }): Promise<boolean>;
  /** Whether a card that was seen before is due again. */
  hasDueCards(user: string, now: number): Promise<boolean>;
}
