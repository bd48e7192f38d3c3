/**
 * The pool VFS's files as a service worker can read and write them: OPFS without synchronous handles.
 *
 * A pool file is a header of 4,096 bytes (the path, NUL-padded to 512; flags; a digest of both) and then the plain
 * SQLite file (sqlite-wasm 3.54, `opfs-sahpool`). `createWritable` writes to a copy and `close` swaps it in atomically: a
 * kill before that leaves the old file whole (I8).
 */

/** Where the app's pool lies in OPFS, and the database in the pool. */
export const poolDirectory = 'lorikeet';
export const poolFile = '/lorikeet.db';

const headerBytes = 4_096;
const pathBytes = 512;

export interface PoolFile {
  readonly handle: FileSystemFileHandle;
  /** Bytes of the SQLite file, header left out. */
  readonly size: number;
}

/** Every file of a pool that belongs to a database, by its path. */
export async function findPoolFiles(pool: FileSystemDirectoryHandle): Promise<Map<string, PoolFile>> {
  const found = new Map<string, PoolFile>();
  const opaque = await pool.getDirectoryHandle('.opaque');
  for await (const handle of opaque.values()) {
    if (handle.kind !== 'file') continue;
    const file = await handle.getFile();
    const path = pathIn(new Uint8Array(await file.slice(0, pathBytes).arrayBuffer()));
    if (path !== '') found.set(path, { handle, size: Math.max(0, file.size - headerBytes) });
  }
  return found;
}

function pathIn(header: Uint8Array): string {
  const end = header.indexOf(0);
  return new TextDecoder().decode(header.subarray(0, Math.max(0, end)));
}

export async function readPoolFile({ handle }: PoolFile): Promise<Uint8Array<ArrayBuffer>> {
  const file = await handle.getFile();
  return new Uint8Array(await file.slice(headerBytes).arrayBuffer());
}

/** Swaps in a new content; writes just the pages that differ from the old one. True if anything did. */
export async function swapPoolFile(
  { handle }: PoolFile,
  content: {
    readonly before: Uint8Array<ArrayBuffer>;
    readonly after: Uint8Array<ArrayBuffer>;
    readonly pageBytes: number;
  },
): Promise<boolean> {
  const runs = changedRuns(content);
  const { before, after } = content;
  if (runs.length === 0 && before.length === after.length) return false;
  const writable = await handle.createWritable({ keepExistingData: true });
  for (const [from, to] of runs) {
    await writable.write({ type: 'write', position: headerBytes + from, data: after.subarray(from, to) });
  }
  if (after.length < before.length) await writable.truncate(headerBytes + after.length);
  await writable.close();
  return true;
}

/** Empties a file and leaves its header, so that the pool still knows whose it is. */
export async function emptyPoolFile({ handle }: PoolFile): Promise<void> {
  const writable = await handle.createWritable({ keepExistingData: true });
  await writable.truncate(headerBytes);
  await writable.close();
}

/** Neighbouring changed pages as one run [from, to) in bytes. */
function changedRuns(content: { before: Uint8Array; after: Uint8Array; pageBytes: number }): [number, number][] {
  const { before, after, pageBytes } = content;
  const runs: [number, number][] = [];
  for (let from = 0; from < after.length; from += pageBytes) {
    const to = Math.min(from + pageBytes, after.length);
    if (to <= before.length && samePage(before, after, { from, to })) continue;
    const last = runs.at(-1);
    if (last?.[1] === from) last[1] = to;
    else runs.push([from, to]);
  }
  return runs;
}

function samePage(a: Uint8Array, b: Uint8Array, { from, to }: { from: number; to: number }): boolean {
  for (let index = from; index < to; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
