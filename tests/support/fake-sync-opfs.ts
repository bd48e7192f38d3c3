/**
 * OPFS in memory as a dedicated worker sees it: directories, and files with synchronous access handles, enough for
 * sqlite-wasm's pool to run in Node. A copy of the disk is what a kill at that moment leaves.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm';

export class FakeDisk {
  readonly root: FakeDirectory;
  /** Before each write: gives how many of its bytes are written, or throws. */
  onWrite: (write: { readonly file: FakeFile; readonly bytes: Uint8Array; readonly at: number }) => number;
  writes = 0;
  reads = 0;

  constructor(root = new FakeDirectory('')) {
    this.root = root;
    this.onWrite = ({ bytes }) => bytes.length;
    for (const file of root.filesWithin()) file.disk = this;
    root.disk = this;
  }

  /** A disk of its own with the same bytes, and no handle open. */
  copy(): FakeDisk {
    return new FakeDisk(this.root.copy());
  }

  /** Takes the place of the browser's, for sqlite-wasm. */
  mount(): void {
    Object.assign(globalThis, {
      self: globalThis,
      FileSystemHandle: FakeFile,
      FileSystemDirectoryHandle: FakeDirectory,
      FileSystemFileHandle: FakeFile,
    });
    const storage = { getDirectory: () => Promise.resolve(this.root) };
    Object.defineProperty(globalThis, 'navigator', { value: { storage }, configurable: true });
  }

  /** The file of the pool that begins with this path. */
  poolFile(path: string): FakeFile {
    const found = this.root.filesWithin().find((file) => file.poolPath === path);
    if (!found) throw new Error(`no file of the pool is ${path}`);
    return found;
  }
}

class FakeDirectory {
  readonly kind = 'directory';
  readonly name: string;
  disk: FakeDisk | null = null;
  readonly #entries = new Map<string, FakeDirectory | FakeFile>();

  constructor(name: string) {
    this.name = name;
  }

  getDirectoryHandle(name: string): Promise<FakeDirectory> {
    return Promise.resolve(this.#entry(name, () => new FakeDirectory(name)) as FakeDirectory);
  }

  getFileHandle(name: string): Promise<FakeFile> {
    return Promise.resolve(this.#entry(name, () => new FakeFile(name)) as FakeFile);
  }

  removeEntry(name: string): Promise<void> {
    this.#entries.delete(name);
    return Promise.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<[string, FakeDirectory | FakeFile]> {
    await Promise.resolve();
    yield* [...this.#entries];
  }

  filesWithin(): FakeFile[] {
    return [...this.#entries.values()].flatMap((entry) => (entry instanceof FakeFile ? [entry] : entry.filesWithin()));
  }

  copy(): FakeDirectory {
    const copy = new FakeDirectory(this.name);
    for (const [name, entry] of this.#entries) copy.#entries.set(name, entry.copy());
    return copy;
  }

  #entry(name: string, make: () => FakeDirectory | FakeFile): FakeDirectory | FakeFile {
    const entry = this.#entries.get(name) ?? make();
    entry.disk = this.disk;
    this.#entries.set(name, entry);
    return entry;
  }
}

export class FakeFile {
  readonly kind = 'file';
  readonly name: string;
  disk: FakeDisk | null = null;
  #bytes: Uint8Array;
  #size: number;
  #held = false;

  constructor(name: string, bytes = new Uint8Array()) {
    this.name = name;
    this.#bytes = bytes;
    this.#size = bytes.length;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  /** A file of the pool begins with its path. */
  get poolPath(): string {
    return new TextDecoder().decode(this.bytes.subarray(0, Math.max(0, this.bytes.indexOf(0))));
  }

  copy(): FakeFile {
    return new FakeFile(this.name, this.bytes.slice());
  }

  createSyncAccessHandle(): Promise<object> {
    if (this.#held) return Promise.reject(new DOMException('held elsewhere', 'NoModificationAllowedError'));
    this.#held = true;
    return Promise.resolve({
      read: (to: Uint8Array, { at }: { at: number }) => this.#read(to, at),
      write: (from: Uint8Array, { at }: { at: number }) => this.#write(from, at),
      getSize: () => this.#size,
      truncate: (size: number) => this.#resize(size),
      flush: () => undefined,
      close: () => {
        this.#held = false;
      },
    });
  }

  /** Puts bytes in place, past every check. */
  put(bytes: Uint8Array, at: number): void {
    if (at + bytes.length > this.#size) this.#resize(at + bytes.length);
    this.#bytes.set(bytes, at);
  }

  #read(to: Uint8Array, at: number): number {
    this.disk!.reads += 1;
    const bytes = this.bytes.subarray(at, at + to.byteLength);
    new Uint8Array(to.buffer, to.byteOffset, to.byteLength).set(bytes);
    return bytes.length;
  }

  #write(from: Uint8Array, at: number): number {
    const disk = this.disk!;
    const bytes = new Uint8Array(from.buffer, from.byteOffset, from.byteLength);
    const written = disk.onWrite({ file: this, bytes, at });
    disk.writes += 1;
    this.put(bytes.subarray(0, written), at);
    return written;
  }

  #resize(size: number): void {
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(size, this.#bytes.length * 2));
      grown.set(this.bytes);
      this.#bytes = grown;
    }
    this.#bytes.fill(0, Math.min(size, this.#size), Math.max(size, this.#size));
    this.#size = size;
  }
}

const sqliteFiles = join(dirname(createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm')), '.');

/** The browser's build of sqlite-wasm, which has the pool; Node's own has not. */
export async function initBrowserSqlite(): Promise<Sqlite3Static> {
  const { default: init } = (await import(pathToFileURL(join(sqliteFiles, 'index.mjs')).href)) as {
    default: (options: { wasmBinary: Uint8Array }) => Promise<Sqlite3Static>;
  };
  return init({ wasmBinary: readFileSync(join(sqliteFiles, 'sqlite3.wasm')) });
}
