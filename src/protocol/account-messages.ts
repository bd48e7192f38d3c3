/** Messages about accounts beside signing up, in and out: sessions, passkeys, the password, the end of an account. */

/** A browser that is signed in. */
export interface SessionItem {
  readonly id: string;
  readonly deviceName: string;
  /** Milliseconds since 1970; the last use to within an hour. */
  readonly createdAt: number;
  readonly usedAt: number;
  /** The session that asks. */
  readonly current: boolean;
}

/** Reply of `GET /api/sessions`, the last used first. */
export interface SessionsReply {
  readonly sessions: readonly SessionItem[];
}

export interface PasskeyItem {
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Null: never yet. */
  readonly usedAt: number | null;
}

/** Reply of `GET /api/passkeys`, in the order in which they were added. */
export interface PasskeysReply {
  readonly passkeys: readonly PasskeyItem[];
}

/** Reply of `GET /api/session/ways`. */
export interface SignInWays {
  /** Whether this server knows its own origin, which passkeys are bound to. */
  readonly passkey: boolean;
}

/** What a browser gives to sign with a passkey (WebAuthn, `PublicKeyCredential.toJSON`); read by a library on both sides. */
export type PasskeyResponse = Readonly<Record<string, unknown>>;

/** That it is the person: the present password, or a passkey of the account. */
export interface Proof {
  readonly password?: string;
  readonly passkey?: PasskeyResponse;
}

/** `PUT /api/account/password` */
export interface PasswordChange {
  readonly proof: Proof;
  readonly newPassword: string;
}

/** When a browser is to tell of due cards, once a day. */
export interface Reminder {
  /** Of the day, there; null: never. */
  readonly hour: number | null;
  /** As `Intl` names it, such as `Europe/Madrid`. */
  readonly timeZone: string;
}

/** Reply of `GET /api/push`. */
export interface PushReply {
  /** What to subscribe with (VAPID, base64url); null: this server wakes nobody. */
  readonly key: string | null;
  /** Of the browser that asks; null: it is not to be woken. */
  readonly subscription: {
    readonly endpoint: string;
    /** Null: it is not reminded. */
    readonly reminder: { readonly hour: number; readonly timeZone: string } | null;
  } | null;
}

/** `PUT /api/push`: wake the browser that asks. */
export interface PushRequest {
  /** As `PushSubscription.toJSON()` has them. */
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
  /** Without: as it was, or never. */
  readonly reminder?: Reminder;
}
