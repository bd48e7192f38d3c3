/** ENTRY of the server: settings from the environment, its storage, its ports, a clean stop. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { v7 as newId } from 'uuid';
import { buildApp } from './app.ts';
import { startCompactor } from './compactor.ts';
import { readConfig } from './config.ts';
import { createPrometheusMetrics, serveMetrics } from './metrics.ts';
import { openPushService } from './push/push-service.ts';
import { openStorage } from './storage.ts';

/** What is under way may take this long to end, in milliseconds. */
const patience = 5_000;

async function main(): Promise<void> {
  const config = readConfig(process.env);
  if (!config.ok) return giveUp(config.error);
  const { port, host, metrics: metricsAt, stopDelay, compaction, http } = config.value;

  // The build puts the server in dist/server and the app in dist/app.
  const appDirectory = path.join(import.meta.dirname, '..', 'app');
  if (!existsSync(path.join(appDirectory, 'index.html'))) {
    return giveUp([`There is no built app in ${appDirectory}. Run "npm run build" first.`]);
  }
  const storage = await openStorage(config.value, newId);
  if (!storage.ok) return giveUp([storage.error]);
  const { store, pokes } = storage.value;

  let stopping = false;
  const clock = { now: Date.now };
  const metrics = createPrometheusMetrics();
  const { contact, loopback } = config.value.push;
  const push = await openPushService({ store, clock, metrics, contact, rule: { loopback } });
  const app = await buildApp({
    store,
    pokes,
    push,
    clock,
    config: http,
    appDirectory,
    ...(metricsAt ? { metrics } : {}),
    isStopping: () => stopping,
  });
  push.start(app.log);
  const compactor = startCompactor({ store, clock, rules: compaction, log: app.log });
  let metricsServer: Awaited<ReturnType<typeof serveMetrics>> | null = null;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await new Promise((resolve) => setTimeout(resolve, stopDelay));
    const impatience = setTimeout(() => app.server.closeAllConnections(), patience);
    await app.close();
    clearTimeout(impatience);
    metricsServer?.close();
    metricsServer?.closeAllConnections();
    await push.close();
    await compactor.close();
    await pokes.close();
    await store.close();
  };
  process.once('SIGINT', () => void stop());
  process.once('SIGTERM', () => void stop());

  try {
    if (metricsAt) metricsServer = await serveMetrics(metrics, metricsAt);
    await app.listen({ port, host, listenTextResolver: () => 'listening' });
  } catch (error) {
    // Node's message names the address and the port.
    await stop();
    return giveUp([`Cannot listen: ${error instanceof Error ? error.message : String(error)}`]);
  }
  const address = app.server.address();
  const shownPort = typeof address === 'object' && address ? address.port : port;
  process.stdout.write(`Lorikeet is at http://${shownHost(host)}:${shownPort}\n`);
}

function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

function giveUp(reasons: readonly string[]): void {
  for (const reason of reasons) process.stderr.write(`${reason}\n`);
  process.exitCode = 1;
}

await main();
