/** What a page can ask of syncing and of accounts: the contract between the UI and the adapters. */
import type { Result } from '../base/result.ts';
import type { PasskeyItem, SessionItem } from '../protocol/account-messages.ts';
import type { Failure } from '../protocol/errors.ts';
import type { DeviceEntry, SessionReply } from '../protocol/messages.ts';
import type { Direction } from '../sync/report.ts';

export type { DeviceEntry, Direction, PasskeyItem, SessionItem };

export type SyncReason = 'change' | 'open' | 'online' | 'visible' | 'poke' | 'interval' | 'person' | 'signed-in';

/** What the device spares just now: the app then syncs by itself less often (sparing.ts). */
export type Saving = 'data' | 'battery' | null;

/** What the service worker is doing, as far as this page knows. */
export interface SyncActivity {
  readonly running: boolean;
  /** How the last exchange ended: null when it got through or none was tried yet. */
  readonly failure: Failure | null;
  /** What the browser says (a hint) and the last exchange confirms. */
  readonly online: boolean;
  readonly saving: Saving;
}

export interface SyncControl {
  /** Asks for a sync soon; several at once become one. By itself the app syncs both ways. */
  request(reason: SyncReason, direction?: Direction): void;
  readonly activity: SyncActivity;
  onActivity(listener: (activity: SyncActivity) => void): () => void;
}

export interface AccountApi {
  /** The account of the session cookie, or `signed_out`. */
  current(): Promise<Result<SessionReply, Failure>>;
  signUp(name: string, password: string): Promise<Result<SessionReply, Failure>>;
  signIn(name: string, password: string): Promise<Result<SessionReply, Failure>>;
  signOut(): Promise<Result<null, Failure>>;
  sessions(): Promise<Result<readonly SessionItem[], Failure>>;
  endSession(id: string): Promise<Result<null, Failure>>;
  endOtherSessions(): Promise<Result<null, Failure>>;
  /** Those that have synced with the account, the latest first. */
  devices(): Promise<Result<readonly DeviceEntry[], Failure>>;
  /** Takes a device off the list and signs it out. */
  retireDevice(id: string): Promise<Result<null, Failure>>;
  /** Signs out everywhere else. */
  changePassword(proof: PersonProof, newPassword: string): Promise<Result<null, Failure>>;
  deleteAccount(proof: PersonProof): Promise<Result<null, Failure>>;
  /** Everything that the server keeps of the person's learning, as a file. */
  exportAll(as: ExportKind): Promise<Result<Blob, Failure>>;
  /** Null where the browser knows no passkeys. */
  readonly passkeys: PasskeyApi | null;
}

export type ExportKind = 'json' | 'sqlite';

/** That it is the person: the present password, or a passkey, which the browser then asks for. */
export type PersonProof = { readonly password: string } | 'passkey';

/** What the browser asks the person for can be declined: `passkey_refused`. */
export interface PasskeyApi {
  /** Whether the server takes passkeys. */
  offered(): Promise<boolean>;
  signIn(): Promise<Result<SessionReply, Failure>>;
  list(): Promise<Result<readonly PasskeyItem[], Failure>>;
  add(name: string): Promise<Result<null, Failure>>;
  rename(id: string, name: string): Promise<Result<null, Failure>>;
  remove(id: string): Promise<Result<null, Failure>>;
}

/**
 * Whether this browser is woken by Web Push: `unsupported` where it cannot be, `denied` where the person told the browser to
 * let us show nothing.
 */
export type PushState =
  | { readonly kind: 'unsupported' | 'denied' | 'off' }
  /** With the hour of the day at which it tells of due cards; null: never. */
  | { readonly kind: 'on'; readonly hour: number | null };

export interface PushControl {
  state(): Promise<Result<PushState, Failure>>;
  /** The browser asks the person, if it has not yet. Still `off` when they did not answer. */
  turnOn(hour: number | null): Promise<Result<PushState, Failure>>;
  turnOff(): Promise<Result<PushState, Failure>>;
  /** Where it is on: tells the server that the push service has moved this browser, or the person another time zone. */
  keep(): Promise<void>;
  /** The person signed out here: the browser takes no more, whatever the server knows. */
  forget(): Promise<void>;
}
