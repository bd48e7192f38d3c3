/**
 * The page's first script, a small file of its own: it has the database's worker load while the browser is still busy with
 * the rest of the page. That worker opens nothing and holds no lock before it is told to begin (worker.ts).
 */
import { createDatabaseWorker } from './database-worker.ts';

/** The worker that was started ahead, once; null when there is none, or none that loaded. */
export const takeFirstWorker = startFirstWorker();

function startFirstWorker(): () => Worker | null {
  // A page that opens in the background has no database.
  let worker = document.visibilityState === 'visible' ? createDatabaseWorker() : null;
  if (worker) {
    // Whoever needs one makes another and hears why that fails.
    worker.onerror = () => {
      worker = null;
    };
  }
  return () => {
    const taken = worker;
    worker = null;
    return taken;
  };
}
