/** What every screen can reach: the ports main.ts made, and the state of the whole app on top of them. */
import { createContext } from 'svelte';
import type { Capabilities } from '../../client/capabilities.ts';
import type { LocalDatabase } from '../../client/db/api.ts';
import type { AccountApi, PushControl, SyncControl } from '../../client/sync-api.ts';
import type { AppUpdate } from './app-update.ts';
import { DatabaseStatus } from './database-state.svelte.ts';
import { DeckImport } from './decks.svelte.ts';
import type { InstallPrompt } from './install-prompt.ts';
import { Profile } from './profile.svelte.ts';
import { rememberedProfile } from './remembered-profile.ts';
import { Router, type RouterWindow } from './router.svelte.ts';
import { TodaySummary } from './summary.svelte.ts';
import { SyncState } from './sync-state.svelte.ts';
import { Toasts } from './toasts.svelte.ts';

export interface AppPorts {
  readonly database: LocalDatabase;
  readonly sync: SyncControl;
  readonly account: AccountApi;
  readonly push: PushControl;
  /** The person tapped a notification: the path of the screen that it is about. */
  readonly onNotificationTap: (listener: (path: string) => void) => () => void;
  readonly update: AppUpdate;
  readonly install: InstallPrompt;
  readonly capabilities: () => Promise<Capabilities>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A UUIDv7. */
  readonly newId: () => string;
}

export interface AppContext extends AppPorts {
  readonly router: Router;
  readonly toasts: Toasts;
  readonly profile: Profile;
  readonly syncState: SyncState;
  readonly summary: TodaySummary;
  readonly deckImport: DeckImport;
  readonly databaseStatus: DatabaseStatus;
}

const [useApp, provideApp] = createContext<AppContext>();
export { provideApp, useApp };

/** Makes the state of the app; nothing is asked of the database before `open`. */
export function createAppState(ports: AppPorts, window: RouterWindow): AppContext {
  const { database, sync, now } = ports;
  return {
    ...ports,
    router: new Router(window),
    toasts: new Toasts(),
    profile: new Profile(database, rememberedProfile()),
    syncState: new SyncState(database, sync),
    summary: new TodaySummary(database, now),
    deckImport: new DeckImport({ database, now }),
    databaseStatus: new DatabaseStatus(database),
  };
}

/** Starts asking, the summary apart; the returned function stops. */
export function openAppState(app: AppContext): () => void {
  const parts = [app.databaseStatus, app.profile, app.syncState];
  for (const part of parts) part.open();
  const deafen = app.onNotificationTap((path) => app.router.go(path));
  return () => {
    deafen();
    for (const part of [...parts, app.summary]) part.close();
    app.router.close();
    app.toasts.dismiss();
  };
}
