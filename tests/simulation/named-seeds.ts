/**
 * Runs that once found a bug of the product, always run again. Where the bug can be planted anew, a test shows that the
 * seed still leads to it: a change of the simulation itself changes what a seed does, and then another one is to be named.
 */
import type { PlantName } from './plants.ts';

export interface NamedSeed {
  readonly seed: number;
  readonly found: string;
  readonly memory?: boolean;
  /** Brings the bug back. */
  readonly plant?: PlantName;
}

export const namedSeeds: readonly NamedSeed[] = [
  {
    seed: 44,
    found: 'a word that was sent, deleted, added anew and edited kept only the edit in the outbox',
    plant: 'a word that was added anew counts as sent',
  },
  {
    seed: 114,
    found: 'an answer that came after signing out put its rows and its cursor on the emptied device',
    plant: 'an answer is stored after the account was left',
  },
  {
    seed: 19,
    found: 'stamps corrected to below a state whose answer was lost counted as seen, and the edit was gone',
    memory: true,
  },
  {
    seed: 101_808,
    found: 'a row that was deleted and made anew just as it was went on as if the server never had it',
  },
  {
    seed: 104,
    found: 'an edit over a row that was set aside passed for the server’s row',
  },
  {
    seed: 49,
    found: 'a device that was retired after the server was restored brought nothing back',
  },
  {
    seed: 295,
    found: 'an edit that was answered for was overwritten by a row of a restored server before its own had come',
    plant: 'an edit that was answered for is forgotten before its row has come',
  },
];
