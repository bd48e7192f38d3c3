/** A real server for tests: the whole app on a loopback port of its own, on a store in a directory of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { v7 } from 'uuid';
import { buildApp } from '../../src/server/app.ts';
import type { ChangeStore } from '../../src/server/change-store.ts';
import { defaultHttpConfig, type HttpConfig } from '../../src/server/config.ts';
import { noMetrics, type Metrics } from '../../src/server/metrics.ts';
import { openPushService, type PushServiceOptions } from '../../src/server/push/push-service.ts';
import type { Server } from '../../src/server/http/server-types.ts';
import { openPostgresStore } from '../../src/server/stores/postgres/postgres-store.ts';
import { openSqliteStore } from '../../src/server/stores/sqlite/sqlite-store.ts';

export interface TestServerOptions {
  /** Default: a new file, removed by `close`. */
  readonly file?: string;
  readonly appDirectory?: string;
  readonly config?: Partial<HttpConfig>;
  /** Milliseconds since 1970; default: the machine's clock. */
  readonly now?: () => number;
  /** Stands in for the SQLite store. */
  readonly store?: ChangeStore;
  /** Default: any free port. */
  readonly port?: number;
  readonly metrics?: Metrics;
  readonly isStopping?: () => boolean;
  /** Differences from a server whose Web Push wakes nobody. */
  readonly push?: Partial<PushServiceOptions>;
}

export interface TestServer {
  /** Without a slash at the end. */
  readonly url: string;
  readonly app: Server;
  readonly store: ChangeStore;
  close(): Promise<void>;
}

/** Starts a server that listens on loopback. Sign-ins are not limited unless the configuration says so. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await buildTestServer(options);
  await server.app.listen({ port: options.port ?? 0, host: '127.0.0.1' });
  const address = server.app.server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return { ...server, url: `http://localhost:${address.port}` };
}

/** The same without a port, to be called with `app.inject`. */
export async function buildTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lorikeet-server-'));
  const store = options.store ?? openTestStore(options.file ?? path.join(directory, 'lorikeet.db'));
  const clock = { now: options.now ?? Date.now };
  const { metrics = noMetrics } = options;
  const to = { contact: 'mailto:operator@lorikeet.example', rule: { loopback: false } };
  const push = await openPushService({ store, clock, metrics, ...to, ...options.push });
  const app = await buildApp({
    store,
    push,
    clock,
    config: {
      ...defaultHttpConfig,
      logLevel: 'silent',
      signInTries: 100_000,
      syncsPerMinute: 1_000_000,
      ...options.config,
    },
    appDirectory: options.appDirectory ?? null,
    metrics,
    ...(options.isStopping ? { isStopping: options.isStopping } : {}),
  });
  if (options.push) push.start(app.log);
  return {
    url: 'http://localhost',
    app,
    store,
    async close() {
      const impatience = setTimeout(() => app.server.closeAllConnections(), 1_000);
      await app.close();
      clearTimeout(impatience);
      await push.close();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function openTestStore(file: string): ChangeStore {
  const opened = openSqliteStore({ file, newId: () => v7() });
  if (!opened.ok) throw new Error(opened.error);
  return opened.value;
}

export async function openPostgresTestStore(url: string): Promise<ChangeStore> {
  const opened = await openPostgresStore({ url, newId: () => v7() });
  if (!opened.ok) throw new Error(opened.error);
  return opened.value;
}
