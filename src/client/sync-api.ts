/** What a page can ask of syncing and of accounts: the contract between the UI and the adapters. */
import type { Result } from '../base/result.ts';
import type { Failure } from '../protocol/errors.ts';
import type { SessionReply } from '../protocol/messages.ts';
import type { Direction } from '../sync/report.ts';

export type { Direction };

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
}
