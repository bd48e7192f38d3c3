/**
 * `SyncStore` over a MessagePort: `serveStore` in the database worker, `createPortStore` in the service worker. A port
 * whose worker is gone stays silent, so every question has a time limit, and no answer means: the storage is elsewhere.
 */
import { err, ok, type Result } from '../../base/result.ts';
import type { Failure } from '../../protocol/errors.ts';
import type { SyncStore } from '../../sync/ports.ts';

/** Milliseconds. A ping finds out whether anyone is there; a question may wait for a long write. */
const pingLimit = 400;
const answerLimit = 15_000;

type Method = keyof SyncStore;
type Question = { readonly call: number; readonly method: Method | 'ping'; readonly args: readonly unknown[] };
type Answer = { readonly call: number; readonly result: Result<unknown, Failure> };

export function serveStore(port: MessagePort, store: SyncStore): void {
  port.onmessage = ({ data }: MessageEvent<Question>) => {
    void answer(store, data).then((result) => port.postMessage({ call: data.call, result } satisfies Answer));
  };
}

async function answer(store: SyncStore, { method, args }: Question): Promise<Result<unknown, Failure>> {
  if (method === 'ping') return ok(null);
  const call = store[method] as (...args: readonly unknown[]) => Promise<Result<unknown, Failure>>;
  try {
    return await call(...args);
  } catch (error) {
    // A bug over there must not leave the engine waiting here.
    return err({ code: 'storage_failed', detail: String(error) });
  }
}

/** The page has said that its database is closed. */
const gone: Failure = { code: 'storage_busy', detail: 'closed' };

export interface PortStore extends SyncStore {
  /** Whether a worker answers at the other end. */
  isAlive(): Promise<boolean>;
  close(): void;
}

export function createPortStore(port: MessagePort): PortStore {
  const waiting = new Map<number, (result: Result<unknown, Failure>) => void>();
  let calls = 0;
  let closed = false;
  port.onmessage = ({ data }: MessageEvent<Answer>) => {
    waiting.get(data.call)?.(data.result);
    waiting.delete(data.call);
  };
  const ask = (
    method: Question['method'],
    args: readonly unknown[],
    limit: number,
  ): Promise<Result<unknown, Failure>> =>
    new Promise((resolve) => {
      if (closed) {
        resolve(err(gone));
        return;
      }
      calls += 1;
      const call = calls;
      const timer = setTimeout(() => {
        waiting.delete(call);
        resolve(err({ code: 'storage_busy', detail: `no answer to ${method}` }));
      }, limit);
      waiting.set(call, (result) => {
        clearTimeout(timer);
        resolve(result);
      });
      port.postMessage({ call, method, args } satisfies Question);
    });
  const remote =
    <M extends Method>(method: M) =>
    (...args: Parameters<SyncStore[M]>) =>
      ask(method, args, answerLimit) as ReturnType<SyncStore[M]>;
  return {
    gather: remote('gather'),
    apply: remote('apply'),
    setAside: remote('setAside'),
    correctClock: remote('correctClock'),
    takeNewId: remote('takeNewId'),
    beginReload: remote('beginReload'),
    record: remote('record'),
    isAlive: async () => (await ask('ping', [], pingLimit)).ok,
    close: () => {
      closed = true;
      for (const settle of waiting.values()) settle(err(gone));
      waiting.clear();
      port.close();
    },
  };
}
