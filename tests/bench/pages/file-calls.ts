/** Counts what SQLite asks of its files in this worker. Counts do not depend on how busy the machine is. */
export interface FileCalls {
  readonly reads: number;
  readonly writes: number;
  readonly flushes: number;
}

/** Only workers have it; TypeScript's DOM library lacks the name. */
declare const FileSystemSyncAccessHandle: { readonly prototype: Record<string, (...args: unknown[]) => unknown> };

/** Gives the counts so far. */
export function countFileCalls(): () => FileCalls {
  const counts = { read: 0, write: 0, flush: 0 };
  const handle = FileSystemSyncAccessHandle.prototype;
  for (const name of Object.keys(counts) as (keyof typeof counts)[]) {
    const original = handle[name]!;
    handle[name] = function counted(this: unknown, ...args: unknown[]): unknown {
      counts[name] += 1;
      return original.apply(this, args);
    };
  }
  return () => ({ reads: counts.read, writes: counts.write, flushes: counts.flush });
}
