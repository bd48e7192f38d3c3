/** Where a planted bug can take hold: a wrapper around a port or a function, never a switch in the product. */
import type { SyncReply, SyncRequest } from '../../src/protocol/messages.ts';
import type { PageLink } from '../../src/service-worker/page-link.ts';
import type { SyncStore } from '../../src/sync/ports.ts';
import type { Merge } from './server-stores.ts';
import type { DeedName, FaultName } from './weights.ts';

export interface Plant {
  /** SQL of the database worker, before it is prepared. */
  readonly sql?: (sql: string) => string;
  /** Run on the empty file. */
  readonly schema?: readonly string[];
  /** Around the engine's store; `pause` is a step of its own, in which the process can be killed. */
  readonly store?: (store: SyncStore, pause: () => Promise<void>) => SyncStore;
  /** Around the service worker's way to a page. */
  readonly link?: (link: PageLink) => PageLink;
  /** How the server reads a request. */
  readonly request?: (request: SyncRequest) => SyncRequest;
  /** What the server answers. */
  readonly answer?: (reply: SyncReply, request: SyncRequest) => SyncReply;
  /** In place of the product's merge. */
  readonly merge?: Merge;
  /** What happens a lot in the run: what it takes for the bug to show. */
  readonly often?: readonly (FaultName | DeedName)[];
  /** Whether the run has clocks that stand still for a time and the later edit wins: what it takes for a tie. */
  readonly ties?: boolean;
  /** A left-over log is not emptied once it was folded in. */
  readonly keepsLog?: boolean;
  /** Direct mode does not see a left-over log. */
  readonly overlooksLog?: boolean;
  /** Direct mode does not ask for the lock. */
  readonly withoutLock?: boolean;
}
