/**
 * How a poke gets from the server that took a push to the servers that have the account's other devices. One of a process
 * alone is `createLocalPokeBus`; servers that share a database have one that goes through it.
 */
import type { Sequence } from '../protocol/messages.ts';

export interface Poke {
  readonly user: string;
  readonly head: Sequence;
  /** The device that caused it, which need not be told; null: none, or several. */
  readonly from: string | null;
}

export interface PokeListener {
  poke(poke: Poke): void;
  /** Whose devices listen here, and the head that they were told last. */
  watched(): ReadonlyMap<string, Sequence>;
}

/** A poke may be lost, doubled or late: it says only that there may be something new. */
export interface PokeBus {
  /** Tells every server, this one at once. To be called when the push is committed. */
  publish(poke: Poke): void;
  /** One listener a process. */
  subscribe(listener: PokeListener): void;
  close(): Promise<void>;
}

export function createLocalPokeBus(): PokeBus {
  let listener: PokeListener | null = null;
  return {
    publish: (poke) => listener?.poke(poke),
    subscribe: (heard) => void (listener = heard),
    close: () => Promise.resolve(),
  };
}
