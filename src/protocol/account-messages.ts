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
