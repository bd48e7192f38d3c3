/**
 * Random tests that anyone can run again: a failure says its seed and path, `FC_SEED` and `FC_PATH` bring them back, `RUNS`
 * runs more.
 */
import fc from 'fast-check';

/** Holds for `runs` random cases, or throws with the smallest one found and how to run it again. */
export function holds<T extends unknown[]>(
  property: fc.IProperty<T>,
  options: Omit<fc.Parameters<T>, 'seed' | 'path'> = {},
): void {
  fc.assert(property, { ...replayed<T>(options), reporter: report });
}

/** The same for what takes time. */
export async function holdsAlways<T extends unknown[]>(
  property: fc.IAsyncProperty<T>,
  options: Omit<fc.Parameters<T>, 'seed' | 'path'> = {},
): Promise<void> {
  await fc.assert(property, { ...replayed<T>(options), reporter: report });
}

function replayed<T>(options: fc.Parameters<T>): fc.Parameters<T> {
  const { FC_SEED, FC_PATH, RUNS } = process.env;
  return {
    ...options,
    ...(RUNS === undefined ? {} : { numRuns: Number(RUNS) }),
    ...(FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }),
    ...(FC_PATH === undefined ? {} : { path: FC_PATH, endOnFailure: true }),
  };
}

function report<T>(details: fc.RunDetails<T>): void {
  if (!details.failed) return;
  const again = `again with FC_SEED=${details.seed} FC_PATH=${details.counterexamplePath ?? ''}`;
  throw new Error(`${fc.defaultReportMessage(details)}\n\n${again}`, { cause: details.errorInstance });
}
