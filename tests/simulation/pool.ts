/**
 * The device's file as the service worker sees it: a pool of OPFS whose writables work on a copy that `close` swaps in.
 * Opening a writable and swapping it are steps of their own, between which the service worker can be killed.
 */
import { poolFile } from '../../src/client/db/drivers/pool-files.ts';
import type { Disk } from './disk.ts';

const headerBytes = 4_096;

export interface PoolOptions {
  readonly disk: Disk;
  /** Planted bugs: the log is never emptied, or not seen. */
  readonly keepsLog: boolean;
  readonly overlooksLog: boolean;
  /** Resolves as a step of its own of the process that runs now. */
  readonly pause: (label: string) => Promise<void>;
  /** Whether this swap meets the end of the disk. */
  readonly meetsTheEnd: () => boolean;
  /** Just after new bytes are in place. */
  readonly onSwap: (path: string) => void;
}

/** The pool's directory. */
export function openPool(options: PoolOptions): FileSystemDirectoryHandle {
  const { disk } = options;
  const files = [
    new PoolFile(options, {
      path: poolFile,
      read: () => disk.read().main,
      write: (bytes) => disk.writeMain(bytes),
    }),
    new PoolFile(options, {
      path: `${poolFile}-wal`,
      read: () => (options.overlooksLog ? null : disk.read().log) ?? Buffer.alloc(0),
      write: (bytes) => (options.keepsLog ? undefined : disk.writeLog(bytes)),
    }),
  ];
  const opaque = {
    kind: 'directory',
    async *values() {
      await Promise.resolve();
      yield* files;
    },
  };
  const directory = { kind: 'directory', getDirectoryHandle: () => Promise.resolve(opaque) };
  return directory as unknown as FileSystemDirectoryHandle;
}

interface Contents {
  readonly path: string;
  readonly read: () => Uint8Array;
  readonly write: (bytes: Uint8Array) => void;
}

class PoolFile {
  readonly kind = 'file';
  readonly #options: PoolOptions;
  readonly #contents: Contents;

  constructor(options: PoolOptions, contents: Contents) {
    this.#options = options;
    this.#contents = contents;
  }

  getFile(): Promise<unknown> {
    const bytes = withHeader(this.#contents.path, this.#contents.read());
    const slice = (from: number, to?: number) => ({
      arrayBuffer: () => Promise.resolve(bytes.slice(from, to).buffer),
    });
    return Promise.resolve({ size: bytes.length, slice });
  }

  async createWritable(): Promise<unknown> {
    const { pause, meetsTheEnd, onSwap } = this.#options;
    const { path, read, write } = this.#contents;
    let copy = withHeader(path, read());
    const resize = (size: number): void => {
      const resized = new Uint8Array(size);
      resized.set(copy.subarray(0, size));
      copy = resized;
    };
    await pause(`opens a writable of ${path}`);
    return {
      write: ({ position, data }: { position: number; data: Uint8Array }) => {
        if (position + data.length > copy.length) resize(position + data.length);
        copy.set(data, position);
        return Promise.resolve();
      },
      truncate: (size: number) => {
        resize(size);
        return Promise.resolve();
      },
      close: async () => {
        await pause(`swaps ${path}`);
        if (meetsTheEnd()) throw new DOMException('the disk is full', 'QuotaExceededError');
        write(copy.subarray(headerBytes));
        onSwap(path);
      },
    };
  }
}

function withHeader(path: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(headerBytes + content.length);
  bytes.set(new TextEncoder().encode(path), 0);
  bytes.set(content, headerBytes);
  return bytes;
}
