/**
 * What pages and the database worker say to each other. Over `postMessage` between a page and its own worker, over the
 * channel `lorikeet-db` between the worker that leads and the pages of other tabs. Plain data throughout.
 */
import type { Result } from '../../base/result.ts';
import { schemaVersion } from '../../schema/tables.ts';
import type { DatabaseFailure, MutationName, Mutations, Queries, QueryName } from './api.ts';

/** Raised when a page and a worker of the version before could misunderstand each other. */
export const rpcVersion = 2;

export const databaseChannel = 'lorikeet-db';

type Named<Name extends string, Args extends Record<Name, unknown>> = {
  readonly [N in Name]: { readonly name: N; readonly args: Args[N] };
}[Name];

export type QueryCall = Named<QueryName, { [Q in QueryName]: Queries[Q]['args'] }>;
export type MutationCall = Named<MutationName, Mutations>;

/** `id`: the page's own number of the request; requests of several pages are told apart by their page. */
export type Request =
  | ({ readonly kind: 'query'; readonly id: number } & QueryCall)
  | ({ readonly kind: 'mutate'; readonly id: number } & MutationCall)
  /** Answered at once and then with every change. Sent again, it takes its own place. */
  | ({ readonly kind: 'subscribe'; readonly id: number } & QueryCall)
  | { readonly kind: 'unsubscribe'; readonly id: number }
  /** The page goes: its subscriptions end. */
  | { readonly kind: 'goodbye'; readonly id: 0 };

/** Rows for a query or a subscription, null for a mutation. */
export interface Response {
  readonly kind: 'response';
  readonly id: number;
  readonly result: Result<unknown, DatabaseFailure>;
}

/** From a page to its own worker. */
export type ToWorker =
  /** The first message: what the worker is called on the channel. */
  | { readonly kind: 'begin'; readonly id: string }
  | Request
  /** Close the database, let the lock go, say `closed`. */
  | { readonly kind: 'close' }
  /** A MessagePort comes with it, over which the service worker reaches the data. */
  | { readonly kind: 'store-port' };

/** From a page to its own worker, besides: SQLite's code, or null where the page could not compile it. */
export interface CompiledSqlite {
  readonly kind: 'compiled';
  readonly module: WebAssembly.Module | null;
}

/** From a worker to its own page. */
export type FromWorker =
  | Response
  /** The Web Lock `life` is held for as long as this worker lives. */
  | { readonly kind: 'started'; readonly life: string }
  /** The lock is its own. What is asked from now on is answered when the database is open, before `leading`. */
  | { readonly kind: 'opening' }
  | { readonly kind: 'leading'; readonly storage: 'opfs' | 'indexeddb' }
  | { readonly kind: 'failed'; readonly failure: DatabaseFailure }
  /** Another version is there, and this one has closed the database. */
  | { readonly kind: 'outdated' }
  | { readonly kind: 'closed' }
  /** A person's change was stored and waits to be synced. */
  | { readonly kind: 'local-change' };

export interface Versions {
  readonly rpc: number;
  readonly schema: number;
}

export const ownVersions: Versions = { rpc: rpcVersion, schema: schemaVersion };

/** On the channel, heard by all tabs. Only `hello` and `leader` must stay readable for every other version. */
export type ChannelMessage =
  /** A page is there: whoever leads says so. */
  | { readonly kind: 'hello'; readonly versions: Versions }
  | {
      readonly kind: 'leader';
      readonly leader: string;
      readonly versions: Versions;
      readonly storage: 'opfs' | 'indexeddb';
    }
  | { readonly kind: 'request'; readonly leader: string; readonly page: string; readonly request: Request }
  | { readonly kind: 'response'; readonly page: string; readonly response: Response };

export type VersionOrder = 'same' | 'older' | 'newer';

/** How the other's version is to ours. The schema decides: the file on disk goes with it. */
export function compareVersions(theirs: Versions, ours: Versions): VersionOrder {
  const difference = theirs.schema - ours.schema || theirs.rpc - ours.rpc;
  if (difference === 0) return 'same';
  return difference < 0 ? 'older' : 'newer';
}
