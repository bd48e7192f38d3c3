/**
 * What the server tells a monitoring system (Prometheus): counts and durations, never a user, an id or an address. Served
 * on a port of its own (`METRICS_PORT`), so that no proxy shows it to the world by accident.
 */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ChangeStatus } from '../protocol/messages.ts';

export interface ObservedRequest {
  readonly method: string;
  /** The route's pattern, not the address that was asked for. */
  readonly route: string;
  readonly status: number;
  readonly milliseconds: number;
}

export interface ObservedExchange {
  readonly statuses: readonly ChangeStatus[];
  readonly rowsPulled: number;
}

/** What the routes report. */
export interface Metrics {
  request(request: ObservedRequest): void;
  exchange(exchange: ObservedExchange): void;
  /** How a Web Push message ended, such as `sent`. */
  push(end: string): void;
  /** Names what is read when the figures are asked for. */
  watch(read: { readonly openStreams: () => number; readonly waitingPulls: () => number }): void;
}

/** For a server that nobody monitors. */
export const noMetrics: Metrics = {
  request: () => undefined,
  exchange: () => undefined,
  push: () => undefined,
  watch: () => undefined,
};

export interface PrometheusMetrics extends Metrics {
  /** In the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

export function createPrometheusMetrics(): PrometheusMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'lorikeet_http_request_duration_seconds',
    help: 'Time from a request to the end of its reply.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  const changes = new Counter({
    name: 'lorikeet_sync_changes_total',
    help: 'Changes that devices pushed, by what became of them.',
    labelNames: ['status'],
    registers,
  });
  const rows = new Counter({
    name: 'lorikeet_sync_rows_pulled_total',
    help: 'Rows that devices pulled.',
    registers,
  });
  const pushes = new Counter({
    name: 'lorikeet_push_messages_total',
    help: 'Web Push messages to closed apps, by how they ended.',
    labelNames: ['end'],
    registers,
  });
  return {
    request: ({ method, route, status, milliseconds }) =>
      requests.observe({ method, route, status }, milliseconds / 1_000),
    exchange({ statuses, rowsPulled }) {
      for (const status of statuses) changes.inc({ status });
      rows.inc(rowsPulled);
    },
    push: (end) => pushes.inc({ end }),
    watch({ openStreams, waitingPulls }) {
      new Gauge({
        name: 'lorikeet_event_streams_open',
        help: 'Pages that listen for pokes.',
        registers,
        collect() {
          this.set(openStreams());
        },
      });
      new Gauge({
        name: 'lorikeet_long_pulls_waiting',
        help: 'Devices that load much and wait for their turn.',
        registers,
        collect() {
          this.set(waitingPulls());
        },
      });
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** Listens for `GET /metrics` and nothing else. Rejects when the port cannot be had. */
export async function serveMetrics(
  metrics: PrometheusMetrics,
  at: { readonly port: number; readonly host: string },
): Promise<Server> {
  const server = createServer((request, reply) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      reply.writeHead(404).end();
      return;
    }
    metrics.text().then(
      (text) => reply.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => reply.writeHead(500).end(),
    );
  });
  server.listen(at.port, at.host);
  await once(server, 'listening');
  return server;
}
