/** The one place that names the worker's script, so that the bundler makes one file of it. */
export function createDatabaseWorker(): Worker {
  return new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
}
