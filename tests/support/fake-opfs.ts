/**
 * OPFS in memory, as far as a service worker sees it: directories, files, and writables that work on a copy which
 * `close` swaps in. `beforeClose` lets a test stop the world before a swap.
 */
export class FakeFile {
  readonly kind = 'file';
  readonly name: string;
  bytes: Uint8Array<ArrayBuffer>;
  swaps = 0;
  /** Thrown by the next swap, if set: as when the service worker is stopped before it. */
  beforeClose: (() => void) | null = null;

  constructor(name: string, bytes: Uint8Array<ArrayBuffer>) {
    this.name = name;
    this.bytes = bytes;
  }

  getFile(): Promise<Blob> {
    return Promise.resolve(new Blob([this.bytes]));
  }

  createWritable(options?: { keepExistingData?: boolean }): Promise<FakeWritable> {
    return Promise.resolve(new FakeWritable(this, options?.keepExistingData ? this.bytes.slice() : new Uint8Array()));
  }
}

class FakeWritable {
  readonly #file: FakeFile;
  #copy: Uint8Array<ArrayBuffer>;

  constructor(file: FakeFile, copy: Uint8Array<ArrayBuffer>) {
    this.#file = file;
    this.#copy = copy;
  }

  write({ position, data }: { position: number; data: Uint8Array }): Promise<void> {
    if (position + data.length > this.#copy.length) this.#resize(position + data.length);
    this.#copy.set(data, position);
    return Promise.resolve();
  }

  truncate(size: number): Promise<void> {
    this.#resize(size);
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#file.beforeClose?.();
    this.#file.bytes = this.#copy;
    this.#file.swaps += 1;
    return Promise.resolve();
  }

  #resize(size: number): void {
    const resized = new Uint8Array(size);
    resized.set(this.#copy.subarray(0, size));
    this.#copy = resized;
  }
}

/** A pool directory that holds the given SQLite files, each behind its header. */
export function fakePool(files: Readonly<Record<string, Uint8Array>>): {
  readonly directory: FileSystemDirectoryHandle;
  readonly file: (path: string) => FakeFile;
} {
  const stored = new Map(
    Object.entries(files).map(([path, content], index) => [
      path,
      new FakeFile(`file-${index}`, withHeader(path, content)),
    ]),
  );
  const opaque = {
    kind: 'directory',
    async *values() {
      await Promise.resolve();
      yield* stored.values();
    },
  };
  const directory = { kind: 'directory', getDirectoryHandle: () => Promise.resolve(opaque) };
  return {
    directory: directory as unknown as FileSystemDirectoryHandle,
    file: (path) => stored.get(path)!,
  };
}

const headerBytes = 4_096;

/** The content of a pool file without its header. */
export function poolContent(file: FakeFile): Uint8Array<ArrayBuffer> {
  return file.bytes.slice(headerBytes);
}

function withHeader(path: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(headerBytes + content.length);
  bytes.set(new TextEncoder().encode(path), 0);
  bytes.set(content, headerBytes);
  return bytes;
}
