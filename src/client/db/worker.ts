/** Entry of the database worker: puts its parts together and passes its page's messages on. */
import { v7 } from 'uuid';
import { serveStore } from '../adapters/store-over-port.ts';
import { databaseLock } from '../sw-messages.ts';
import { openChannel } from './channel.ts';
import { Leader } from './leader.ts';
import { prepareDatabase, type OpenDatabase } from './open-database.ts';
import { ownVersions, type CompiledSqlite, type ToWorker } from './rpc.ts';
import { createSyncStore } from './sync-store.ts';

/** Without a write for so long, there is time for the full-text index. Milliseconds. */
const quietMoment = 200;

/** A message to ourselves comes after those that wait already: so a burst of changes costs one run of each live query. */
function createSchedule(): (work: () => void, delay?: number) => void {
  const { port1, port2 } = new MessageChannel();
  const queue: (() => void)[] = [];
  port1.onmessage = () => queue.shift()?.();
  return (work, delay) => {
    if (delay !== undefined) return void setTimeout(work, delay);
    queue.push(work);
    port2.postMessage(null);
  };
}

function createLeader(id: string, openDatabase: OpenDatabase): Leader {
  return new Leader({
    id,
    versions: ownVersions,
    lock: databaseLock,
    withLock: async (name, work) => {
      await navigator.locks.request(name, work);
    },
    openChannel,
    toPage: (message) => self.postMessage(message),
    openDatabase,
    serveStore: (port, database) => serveStore(port, createSyncStore(database)),
    newId: v7,
    schedule: createSchedule(),
    later: (work) => {
      const timer = setTimeout(work, quietMoment);
      return () => clearTimeout(timer);
    },
    onBug: (error) => reportError(error),
  });
}

/**
 * In a task of its own: what is compiled while the script runs is packed by Chromium (156) for a cache that it does not
 * read for workers. With SQLite's start among it that took 15 ms.
 */
function prepareSoon(compiled: Promise<WebAssembly.Module | null>): OpenDatabase {
  let prepared: OpenDatabase | null = null;
  const prepare = (): OpenDatabase => (prepared ??= prepareDatabase(compiled));
  setTimeout(prepare);
  return () => prepare()();
}

function listen(): void {
  let takeCompiled: (module: WebAssembly.Module | null) => void = () => undefined;
  const compiled = new Promise<WebAssembly.Module | null>((resolve) => {
    takeCompiled = resolve;
  });
  const openDatabase = prepareSoon(compiled);
  let leader: Leader | null = null;
  self.onmessage = ({ data, ports }: MessageEvent<ToWorker | CompiledSqlite>) => {
    if (data.kind === 'compiled') {
      takeCompiled(data.module);
    } else if (data.kind === 'begin') {
      leader = createLeader(data.id, openDatabase);
      void leader.run();
    } else {
      leader?.receive(data, ports);
    }
  };
  // A module that cannot be passed on is the only message that may not arrive.
  self.onmessageerror = () => takeCompiled(null);
}

listen();
