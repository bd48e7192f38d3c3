/** A device whose `SyncStore` is under test: the person edits, the test is its runner. */
import { afterEach, beforeEach } from 'vitest';
import type { Result } from '../../src/base/result.ts';
import type { Value } from '../../src/base/value.ts';
import type { Database } from '../../src/client/db/database.ts';
import type { SyncReply } from '../../src/protocol/messages.ts';
import type { Applied, Batch, SyncStore } from '../../src/sync/ports.ts';
import type { SyncReport } from '../../src/sync/report.ts';
import { addWord } from './add-word.ts';
import { emptyReply, start } from './store-replies.ts';

export interface OpenedSyncStore {
  readonly store: SyncStore;
  /** The database behind the store, for the person's edits and for looking. */
  readonly database: Database;
  close(): Promise<void>;
}

export interface StoreDevice extends Pick<OpenedSyncStore, 'store' | 'database'> {
  /** What the device takes for the time: a test sets it. */
  readonly clock: { now: number };
  run(sql: string, params?: readonly Value[]): void;
  all(sql: string): Record<string, unknown>[];
  add(id: string, word?: string): void;
  gather(): Promise<Batch>;
  apply(sent: Batch, reply: Partial<SyncReply>): Promise<Applied>;
  /** Sends all that waits, and has it answered as applied, from this sequence on. */
  acknowledged(seq: number): Promise<void>;
}

/** A device of Ana's, with an empty database before each test of the suite that this is called in. */
export function storeDevice(open: (now: () => number) => Promise<OpenedSyncStore>): StoreDevice {
  const clock = { now: start };
  let opened: OpenedSyncStore;
  beforeEach(async () => {
    clock.now = start;
    opened = await open(() => clock.now);
    opened.database.write((sql) => sql.run(`UPDATE sync_state SET user_id = 'ana', device = 'device-a'`), 'sync');
  });
  afterEach(() => opened.close());

  const gather = async () => value(await opened.store.gather('both'));
  const apply = async (sent: Batch, reply: Partial<SyncReply>) =>
    value(await opened.store.apply(sent, { ...emptyReply, ...reply }));
  return {
    get store() {
      return opened.store;
    },
    get database() {
      return opened.database;
    },
    clock,
    run: (sql, params = []) => void opened.database.write((write) => write.run(sql, params)),
    all: (sql) => opened.database.read((read) => read.all(sql)),
    add: (id, word = id) => opened.database.write((sql) => addWord(sql, { id, word })),
    gather,
    apply,
    async acknowledged(seq) {
      const sent = await gather();
      await apply(sent, { results: sent.changes.map((_, index) => ({ status: 'applied', seq: seq + index })) });
    },
  };
}

/** A run that went well. */
export const report: SyncReport = {
  direction: 'both',
  processed: 3,
  succeeded: 3,
  failed: 0,
  conflicts: 0,
  tables: {
    vocabulary_item: {
      ...{ processed: 3, succeeded: 3, failed: 0, conflicts: 0 },
      ...{ errors: [], duration: 12, bytes: 300 },
    },
  },
  reload: null,
  startedAt: start,
  finishedAt: start + 40,
  bytesSent: 10,
  bytesReceived: 20,
  error: null,
};

export function value<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(`expected a value, got ${JSON.stringify(result.error)}`);
  return result.value;
}
