/**
 * Makes the database's worker: the one place that names its script, so that the bundler makes one file of it. The page
 * compiles SQLite for it. That goes on beside the worker's own start, and what was compiled, and optimised in use, serves
 * the next worker too: after the page was hidden, and in Chromium (156) mostly even after it was loaded anew.
 */
import wasm from '@sqlite.org/sqlite-wasm/sqlite3.wasm?url';
import type { CompiledSqlite } from './rpc.ts';

const compiledOnce = once(compileSqlite);

export function createDatabaseWorker(): Worker {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  void compiledOnce().then((module) => worker.postMessage({ kind: 'compiled', module } satisfies CompiledSqlite));
  return worker;
}

/** Null where that fails: then the worker tries by itself, and says what is wrong. */
async function compileSqlite(): Promise<WebAssembly.Module | null> {
  try {
    return await WebAssembly.compileStreaming(fetch(wasm));
  } catch {
    return null;
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
