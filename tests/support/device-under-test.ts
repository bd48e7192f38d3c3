/** A device in Node: the real database, triggers, store and engine on better-sqlite3, in a time of its own. */
import { assert } from '../../src/base/assert.ts';
import type { Value } from '../../src/base/value.ts';
import { Database, type WriteSql } from '../../src/client/db/database.ts';
import { createSyncStore } from '../../src/client/db/sync-store.ts';
import type { Schema } from '../../src/schema/schema.ts';
import { currentSchema } from '../../src/schema/tables.ts';
import type { Outcome } from '../../src/sync/machine.ts';
import type { SyncStore, Transport } from '../../src/sync/ports.ts';
import type { Direction } from '../../src/sync/report.ts';
import { createRunner } from '../../src/sync/runner.ts';
import type { Driver } from '../../src/client/db/driver.ts';
import { openNodeDriver } from './node-driver.ts';

export interface DeviceOptions {
  readonly name: string;
  readonly transport: Transport;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly driver?: Driver;
  /** Null: not signed in. */
  readonly user?: string | null;
  /** Default: the name, always. */
  readonly newId?: () => string;
  /** Of the app on it. */
  readonly schema?: Schema;
}

export class DeviceUnderTest {
  readonly database: Database;
  readonly store: SyncStore;
  readonly #transport: Transport;
  readonly #now: () => number;

  constructor({ name, transport, now, driver = openNodeDriver(), user = 'ana', ...options }: DeviceOptions) {
    const { newId = () => name, schema = currentSchema } = options;
    const opened = Database.open({ driver, clock: { now }, newId, schema });
    assert(opened.ok, 'the file is no newer than the app');
    this.database = opened.value;
    this.store = createSyncStore(this.database);
    this.#transport = transport;
    this.#now = now;
    this.database.write((sql) => sql.run('UPDATE sync_state SET user_id = ?', [user]), 'sync');
  }

  write(work: (sql: WriteSql) => void): void {
    this.database.write(work);
  }

  sync(direction: Direction = 'both'): Promise<Outcome> {
    return createRunner({
      store: this.store,
      transport: this.#transport,
      clock: { now: this.#now },
      random: { next: () => 0.5 },
      interval: 900_000,
    }).sync(direction);
  }

  /** Rows of a table by id, declared columns only. */
  rows(table: string): Map<string, Record<string, Value>> {
    const rows = this.all(`SELECT id, ${this.database.schema.columnsOf(table).join(', ')} FROM ${table} ORDER BY id`);
    return new Map(rows.map(({ id, ...values }) => [String(id), values]));
  }

  all(sql: string, params: readonly Value[] = []): Record<string, Value>[] {
    return this.database.read((read) => read.all(sql, params));
  }

  waiting(): number {
    return Number(this.all('SELECT count(*) AS n FROM outbox')[0]!['n']);
  }
}
