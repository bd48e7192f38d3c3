/** Runs that once found something, always run again: the seed, and what was wrong. Some are cut short by `steps`. */
export interface NamedSeed {
  readonly seed: number;
  readonly found: string;
  readonly steps?: number;
}

export const namedSeeds: readonly NamedSeed[] = [];
