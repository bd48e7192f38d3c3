/** Builds the server from what is given to it. Does not listen: tests call it in memory, `main.ts` on a port. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:zlib';
import compress from '@fastify/compress';
import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { LogController } from 'fastify';
import type { ChangeStore } from './change-store.ts';
import type { ServerClock } from './http/clock.ts';
import type { HttpConfig } from './config.ts';
import type { AccountContext } from './http/account-context.ts';
import { addAccountRoutes } from './http/account-routes.ts';
import { addAppFiles, sendAppOrNotFound } from './http/app-files.ts';
import { addEventRoute } from './http/event-route.ts';
import { addExportRoute } from './http/export-route.ts';
import { handleFailures, refuseBeforeRouting, refuseConnection, sendNotFound } from './http/failures.ts';
import { describeApi } from './http/api-document.ts';
import { addHealthRoutes } from './http/health-route.ts';
import { addDeviceRoutes } from './http/device-routes.ts';
import { LongPulls } from './http/long-pulls.ts';
import { checkOrigins } from './http/origin-check.ts';
import { addPasskeyRoutes } from './http/passkey-routes.ts';
import { createPasskeys } from './http/passkeys.ts';
import { createPasswords } from './http/passwords.ts';
import { createPokeHub } from './http/poke-hub.ts';
import type { PushPort } from './http/push-port.ts';
import { addPushRoutes } from './http/push-routes.ts';
import { acceptJson } from './http/request-body.ts';
import { addSecurityHeaders } from './http/security-headers.ts';
import { observeRequests } from './http/request-log.ts';
import { createLocalPokeBus, type PokeBus } from './poke-bus.ts';
import type { RouteContext, Server } from './http/server-types.ts';
import { addSessionRoutes } from './http/session-routes.ts';
import { createSessions } from './http/sessions.ts';
import { createSignInGuard } from './http/sign-in-guard.ts';
import { addSyncRoute } from './http/sync-route.ts';
import { noMetrics, type Metrics } from './metrics.ts';
import { writeExportFile } from './stores/sqlite/export-file.ts';

export interface AppOptions {
  /** Stays the caller's: it closes it after the app. */
  readonly store: ChangeStore;
  /** Stays the caller's too. Default: of this process alone. */
  readonly pokes?: PokeBus;
  readonly clock: ServerClock;
  readonly config: HttpConfig;
  /** Where the built app lies; null: the API alone. */
  readonly appDirectory: string | null;
  /** Web Push; stays the caller's as well. Default: nobody is woken. */
  readonly push?: PushPort;
  /** Default: nobody monitors. */
  readonly metrics?: Metrics;
  /** Default: never, until it is closed. */
  readonly isStopping?: () => boolean;
}

export async function buildApp(options: AppOptions): Promise<Server> {
  const { store, clock, config, appDirectory, metrics = noMetrics, isStopping = () => false } = options;
  const { pokes = createLocalPokeBus(), push = null } = options;
  const server = createServer(config);
  handleFailures(server);
  observeRequests(server, metrics);
  await addSecurityHeaders(server);
  checkOrigins(server, config.publicOrigin);
  acceptJson(server);
  await server.register(cookie);
  await server.register(rateLimit, {
    global: false,
    addHeaders: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    addHeadersOnExceeding: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
  });
  const hub = createPokeHub();
  const longPulls = new LongPulls();
  const context: RouteContext = {
    store,
    clock,
    config,
    sessions: createSessions({ store, clock, hub }),
    hub,
    pokes,
    metrics,
    longPulls,
    push,
    isStopping,
  };
  pokes.subscribe(hub);
  metrics.watch({ openStreams: () => hub.size, waitingPulls: () => longPulls.waiting });
  const accounts: AccountContext = {
    ...context,
    passwords: await createPasswords(),
    passkeys: createPasskeys({ store, clock, publicOrigin: config.publicOrigin }),
    guard: createSignInGuard({ clock, tries: config.signInTries }),
  };
  await server.register(async (api: Server) => {
    // Of each the level after which more time saves little (docs/decisions/0032-brotli-for-pages.md).
    await api.register(compress, {
      encodings: ['br', 'gzip', 'identity'],
      globalDecompression: false,
      customTypes: /^application\/(?:json|x-lorikeet-packed)|^text\/(?!event-stream)/,
      brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: 2 } },
      zlibOptions: { level: 1 },
    });
    await describeApi(api);
    addHealthRoutes(api, context);
    addAccountRoutes(api, accounts);
    addSessionRoutes(api, context);
    addPasskeyRoutes(api, accounts);
    addExportRoute(api, { ...context, writeFile: writeExportFile });
    addSyncRoute(api, context);
    addDeviceRoutes(api, context);
    addEventRoute(api, context);
    addPushRoutes(api, context);
  });
  if (appDirectory !== null) await addAppFiles(server, appDirectory);
  server.setNotFoundHandler(appDirectory === null ? sendNotFound : sendAppOrNotFound);
  return server;
}

function createServer(config: HttpConfig): Server {
  return Fastify({
    logger: { level: config.logLevel },
    // Never taken from the client: it would write into the log.
    genReqId: () => randomUUID(),
    // One line a request is written by `observeRequests`, without addresses, names and queries.
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: config.trustProxy,
    requestTimeout: config.requestTimeout,
    // Of a connection on which nothing moves: a reply that nobody reads. Event streams move with each heartbeat, and no
    // statement of a store may take as long.
    connectionTimeout: 2 * config.requestTimeout,
    // Node 20 never ends a slow body while the time for the head is longer than that for the whole.
    http: {
      headersTimeout: config.requestTimeout,
      connectionsCheckingInterval: Math.min(5_000, config.requestTimeout / 2),
    },
    forceCloseConnections: 'idle',
    frameworkErrors: refuseBeforeRouting,
    clientErrorHandler: refuseConnection,
    ajv: {
      customOptions: {
        strict: true,
        allowUnionTypes: true,
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allErrors: false,
      },
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
}
