/** Sync as the screens see it: the stored status and what the service worker is doing, joined. */
import type { LocalDatabase, SyncStatusRow } from '../../client/db/api.ts';
import type { Direction, SyncActivity, SyncControl } from '../../client/sync-api.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import { chipOf, failureOf, type Chip } from './chip.ts';
import { LiveRows } from './live-rows.svelte.ts';

export class SyncState {
  readonly #control: SyncControl;
  readonly #status: LiveRows<'sync.status'>;
  #activity = $state.raw<SyncActivity>({ running: false, failure: null, online: true, saving: null });
  #unsubscribe: (() => void) | null = null;

  constructor(database: LocalDatabase, control: SyncControl) {
    this.#control = control;
    this.#status = new LiveRows(database, 'sync.status');
    this.#activity = control.activity;
  }

  open(): void {
    this.#status.open({});
    this.#unsubscribe = this.#control.onActivity((activity) => {
      this.#activity = activity;
    });
    this.#activity = this.#control.activity;
  }

  close(): void {
    this.#status.close();
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }

  get status(): SyncStatusRow | null {
    return this.#status.first;
  }

  get activity(): SyncActivity {
    return this.#activity;
  }

  get chip(): Chip {
    return chipOf({ status: this.status, activity: this.#activity });
  }

  /** Why the last sync of the signed-in account did not get through. */
  get failure(): ErrorCode | null {
    return this.status?.user_id ? failureOf(this.status, this.#activity) : null;
  }

  /** Conflicts and refused changes that wait for the person. */
  get toDecide(): number {
    return (this.status?.open_conflicts ?? 0) + (this.status?.rejected ?? 0);
  }

  request(direction: Direction = 'both'): void {
    this.#control.request('person', direction);
  }
}
