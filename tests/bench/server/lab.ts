/** What a part of the server's benchmark gets: a store, how much time there is, and where to say what it does. */
import type { ServerEntry, ServerProcess } from './server-process.ts';
import type { StoreUnderLoad } from './stores.ts';

export interface ServerLab {
  readonly store: StoreUnderLoad;
  /** On that store. One that the part leaves running, as when it fails, is killed afterwards. */
  readonly startServer: (options?: { readonly entry?: ServerEntry }) => Promise<ServerProcess>;
  readonly quick: boolean;
  readonly say: (line: string) => void;
}
