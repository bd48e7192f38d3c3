/**
 * A person whose devices and server are of different versions: the product's engine, client store and SQLite server, each
 * made by one of two schemas. A request goes to the server as it comes from the wire.
 */
import { err, ok, type Result } from '../../src/base/result.ts';
import type { Driver } from '../../src/client/db/driver.ts';
import type { Failure } from '../../src/protocol/errors.ts';
import type { SyncReply, SyncRequest } from '../../src/protocol/messages.ts';
import { parseSyncReply } from '../../src/protocol/parse-reply.ts';
import type { Schema } from '../../src/schema/schema.ts';
import { currentSchema } from '../../src/schema/tables.ts';
import type { ChangeStore } from '../../src/server/change-store.ts';
import { openSqliteStore } from '../../src/server/stores/sqlite/sqlite-store.ts';
import type { ExchangeResult, Transport } from '../../src/sync/ports.ts';
import { DeviceUnderTest } from './device-under-test.ts';
import { openNodeDriver } from './node-driver.ts';
import { addAccount } from './store-pushes.ts';

const user = 'ana';

export class TwoVersions {
  /** Milliseconds since 1970. */
  now = 1_800_000_000_000;
  /** Asked before each request: whether it, or its answer, is lost. */
  fault: () => 'none' | 'request lost' | 'reply lost' = () => 'none';
  /** Rows of a page at most. */
  pageRows = 10_000;
  /** What was asked, for looking. */
  readonly requests: SyncRequest[] = [];
  /** Codes of what the server refused. */
  readonly refusals: string[] = [];
  readonly store: ChangeStore;
  #ids = 0;

  private constructor(schema: Schema) {
    const opened = openSqliteStore({ file: ':memory:', newId: () => this.newId('server'), schema });
    if (!opened.ok) throw new Error(opened.error);
    this.store = opened.value;
  }

  static async open(server: Schema): Promise<TwoVersions> {
    const world = new TwoVersions(server);
    await addAccount(world.store, user);
    return world;
  }

  newId(prefix: string): string {
    return `${prefix}-${String((this.#ids += 1))}`;
  }

  device(name: string, schema: Schema = currentSchema): VersionedDevice {
    return new VersionedDevice(this, { name, schema, driver: openNodeDriver() });
  }

  readonly transport: Transport = {
    exchange: async (request): Promise<Result<ExchangeResult, Failure>> => {
      const fault = this.fault();
      if (fault === 'request lost') return err({ code: 'offline' });
      const { protocol: _, ...asked } = JSON.parse(JSON.stringify(request)) as SyncRequest;
      this.requests.push(request);
      const limit = Math.min(asked.limit, this.pageRows);
      const exchanged = await this.store.exchange({ ...asked, limit, session: null, now: this.now });
      if (!exchanged.ok) this.refusals.push(exchanged.error.code);
      if (fault === 'reply lost') return err({ code: 'timeout' });
      if (!exchanged.ok) return exchanged;
      const { changed: _changed, ...pulled } = exchanged.value;
      const said: SyncReply = { ...pulled, serverTime: this.now };
      const reply = parseSyncReply(JSON.parse(JSON.stringify(said)));
      return reply.ok ? ok({ reply: reply.value, sent: 0, received: 0 }) : reply;
    },
  };
}

interface VersionedOptions {
  readonly name: string;
  readonly schema: Schema;
  readonly driver: Driver;
}

export class VersionedDevice extends DeviceUnderTest {
  readonly #world: TwoVersions;
  readonly #options: VersionedOptions;

  constructor(world: TwoVersions, options: VersionedOptions) {
    const { name } = options;
    super({ ...options, user, transport: world.transport, now: () => world.now, newId: () => world.newId(name) });
    this.#world = world;
    this.#options = options;
  }

  /** The app is closed, updated and opened again, on the same file. This device is not used any more. */
  upgraded(schema: Schema): VersionedDevice {
    return new VersionedDevice(this.#world, { ...this.#options, schema });
  }
}
