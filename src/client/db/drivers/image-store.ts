/** One database image in IndexedDB: read whole, replaced whole. */
import { err, ok, type Result } from '../../../base/result.ts';
import { StorageError } from '../driver.ts';

export interface ImageStore {
  /** Null when none was ever stored. Throws `StorageError`. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when the image is stored; on a failure the former one is still there. */
  write(image: Uint8Array): Promise<Result<null, StorageError>>;
  close(): void;
}

const databaseName = 'lorikeet';
const storeName = 'image';
const key = 'database';

export async function openImageStore(factory: IDBFactory): Promise<ImageStore> {
  const db = await openDatabase(factory);
  return {
    async read() {
      const stored: unknown = await settled(db.transaction(storeName).objectStore(storeName).get(key));
      return stored instanceof Uint8Array ? stored : null;
    },
    async write(image) {
      try {
        const transaction = db.transaction(storeName, 'readwrite', { durability: 'strict' });
        transaction.objectStore(storeName).put(image, key);
        await completed(transaction);
        return ok(null);
      } catch (cause) {
        return err(asStorageError(cause));
      }
    },
    close: () => db.close(),
  };
}

async function openDatabase(factory: IDBFactory): Promise<IDBDatabase> {
  try {
    const request = factory.open(databaseName, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(storeName);
    return await settled(request);
  } catch (cause) {
    // Some browsers refuse by throwing.
    throw asStorageError(cause);
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(asStorageError(request.error));
  });
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(asStorageError(transaction.error));
  });
}

function asStorageError(cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause;
  const { name, message } = cause instanceof Error ? cause : { name: 'Error', message: String(cause) };
  return new StorageError(name === 'QuotaExceededError' ? 'storage_full' : 'storage_failed', `${name}: ${message}`, {
    cause,
  });
}
