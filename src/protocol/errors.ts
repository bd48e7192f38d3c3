/**
 * Every expected failure of the API and of a sync, once: its code, HTTP status, what a client does about it, and the
 * words a person reads. The server sends `{error: {code, message, ...}}`; the app shows `words`.
 */

/** When trying again can help: at once, later with backoff, after the person acts, or never. */
export type RetryClass = 'now' | 'backoff' | 'user' | 'never';

interface ErrorEntry {
  /** HTTP status, or null for a failure that only a client sees. */
  readonly status: number | null;
  readonly retry: RetryClass;
  readonly words: string;
}

export const errors = {
  // Requests that can never succeed as they are.
  malformed: {
    status: 400,
    retry: 'never',
    words: 'The app sent something the server could not read. Reload the app to update it.',
  },
  invalid: {
    status: 400,
    retry: 'never',
    words: 'The server did not accept what the app sent. Reload the app to update it.',
  },
  too_large: { status: 413, retry: 'never', words: 'This is too large to be sent.' },
  unsupported_media_type: {
    status: 415,
    retry: 'never',
    words: 'The app sent something the server could not read. Reload the app to update it.',
  },
  not_found: {
    status: 404,
    retry: 'never',
    words: 'The server does not know this address. Reload the app to update it.',
  },
  forbidden_origin: { status: 403, retry: 'never', words: 'The request came from another site and was refused.' },
  // What the person can mend.
  invalid_name: { status: 400, retry: 'user', words: 'Choose a name of 1 to 80 characters.' },
  invalid_password: { status: 400, retry: 'user', words: 'Choose a password of 8 to 256 characters.' },
  name_taken: { status: 409, retry: 'user', words: 'This name is taken. Choose another, or sign in if it is yours.' },
  wrong_credentials: { status: 401, retry: 'user', words: 'The name or the password is wrong.' },
  signed_out: {
    status: 401,
    retry: 'user',
    words: 'Sign in again to go on syncing. Everything you did is kept on this device.',
  },
  account_gone: {
    status: 401,
    retry: 'user',
    words:
      'This account was deleted, so nothing is synced any more. What is on this device stays until you remove it, or take it into another account.',
  },
  wrong_password: { status: 403, retry: 'user', words: 'This is not the present password.' },
  passkey_refused: {
    status: 400,
    retry: 'user',
    words: 'The passkey was not accepted. Try again, or use your password.',
  },
  passkey_taken: { status: 409, retry: 'user', words: 'This passkey is in use already.' },
  passkey_limit: { status: 409, retry: 'user', words: 'There is no room for more passkeys. Remove one first.' },
  push_refused: {
    status: 400,
    retry: 'user',
    words: 'The server cannot reach the push service of this browser, so it cannot wake the app here.',
  },
  wrong_account: {
    status: 409,
    retry: 'user',
    words:
      'This device holds the words of another account. Sign in with that account, or remove its words from this device first.',
  },
  outdated: {
    status: 426,
    retry: 'user',
    words:
      'This app is too old for the server. Close it and open it again to update. Everything you did is kept on this device.',
  },
  // What passes.
  clock_ahead: { status: 409, retry: 'now', words: 'The clock of this device is ahead. It was corrected for syncing.' },
  device_taken: {
    status: 409,
    retry: 'now',
    words: 'Another device had the same number, as after a restored backup. This one takes a number of its own.',
  },
  device_retired: {
    status: 409,
    retry: 'now',
    words: 'This device was taken off the list of your devices. It loads everything anew; your changes are kept.',
  },
  history_compacted: {
    status: 409,
    retry: 'now',
    words: 'This device was away for long. It loads everything anew; your changes are kept.',
  },
  history_lost: {
    status: 409,
    retry: 'now',
    words: 'The server was restored from a backup. This device brings back what the server lost.',
  },
  too_many_requests: { status: 429, retry: 'backoff', words: 'Too many tries. Wait a little, then try again.' },
  internal: {
    status: 500,
    retry: 'backoff',
    words: 'The server has a problem. Sync goes on by itself when it is solved.',
  },
  unavailable: {
    status: 503,
    retry: 'backoff',
    words: 'The server is not available. Sync goes on by itself when it is back.',
  },
  // Seen by the client alone.
  offline: { status: null, retry: 'backoff', words: 'There is no connection. Everything is kept on this device.' },
  timeout: { status: 408, retry: 'backoff', words: 'The server did not answer in time. Sync tries again by itself.' },
  bad_reply: {
    status: null,
    retry: 'backoff',
    words: 'The answer of the server was not complete. Sync tries again by itself.',
  },
  push_failed: {
    status: null,
    retry: 'user',
    words: 'The push service of this browser did not answer. Try again when you have a connection.',
  },
  storage_full: {
    status: null,
    retry: 'user',
    words: 'The storage of this device is full. Free some space; what you did before is kept.',
  },
  storage_failed: {
    status: null,
    retry: 'backoff',
    words: 'The storage of this device did not answer. Sync tries again by itself.',
  },
  storage_busy: { status: null, retry: 'backoff', words: 'The app is opening. Sync goes on by itself.' },
  storage_too_large: {
    status: null,
    retry: 'user',
    words: 'There is too much stored to sync with the app closed. Open the app to sync.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errors;

/** A failure as it travels: in a reply's body, over a port, into a stored run. */
export interface Failure {
  readonly code: ErrorCode;
  /** For an engineer: what exactly was wrong. Holds no user data. */
  readonly detail?: string;
  /** Milliseconds to wait at least, from `Retry-After`. */
  readonly retryAfter?: number;
  /** The server's clock in milliseconds since 1970, where the reply had it. */
  readonly serverTime?: number;
  /** With `history_lost`: the last sequence of the history that device and server share. */
  readonly sequence?: number;
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errors, code);
}
