/** What every screen can reach: the ports main.ts made, and the state of the whole app on top of them. */
import { createContext } from 'svelte';
import type { Capabilities } from '../../client/capabilities.ts';
import type { LocalDatabase } from '../../client/db/api.ts';
import type { AccountApi, SyncControl } from '../../client/sync-api.ts';
import type { AppUpdate } from './app-update.ts';
import type { InstallPrompt } from './install-prompt.ts';
import type { Profile } from './profile.svelte.ts';
import type { Router } from './router.svelte.ts';
import type { SyncState } from './sync-state.svelte.ts';
import type { Toasts } from './toasts.svelte.ts';

export interface AppPorts {
  readonly database: LocalDatabase;
  readonly sync: SyncControl;
  readonly account: AccountApi;
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
}

const [useApp, provideApp] = createContext<AppContext>();
export { provideApp, useApp };
