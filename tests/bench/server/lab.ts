/** What a part of the server's benchmark gets: a store, how much time there is, and where to say what it does. */
import type { StoreUnderLoad } from './stores.ts';

export interface ServerLab {
  readonly store: StoreUnderLoad;
  readonly quick: boolean;
  readonly say: (line: string) => void;
}
