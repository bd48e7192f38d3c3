/** What an operator sees of a server: health, readiness, the API's document, figures, and ids that lead to the log. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { errors } from '../../../src/protocol/errors.ts';
import { StoreUnavailable, type ChangeStore } from '../../../src/server/change-store.ts';
import { createPrometheusMetrics, serveMetrics } from '../../../src/server/metrics.ts';
import { buildTestServer, openTestStore, startTestServer, type TestServer } from '../../support/server-harness.ts';
import { settingInsert, signUp, sync } from '../../support/server-requests.ts';

const metrics = createPrometheusMetrics();
let server: TestServer;
let stopping = false;
beforeAll(async () => {
  server = await startTestServer({ metrics, isStopping: () => stopping });
});
afterEach(() => {
  stopping = false;
});
afterAll(() => server.close());

function withBrokenCheck(store: ChangeStore): ChangeStore {
  return { ...store, check: () => Promise.reject(new StoreUnavailable('the disk is away')) };
}

describe('health and readiness', () => {
  it('says that it answers and that it can serve', async () => {
    for (const path of ['/api/health', '/api/ready']) {
      const reply = await fetch(`${server.url}${path}`);
      expect(reply.status).toBe(200);
      expect(await reply.json()).toMatchObject({ status: 'ok' });
    }
  });

  it('answers but is not ready while the storage is away', async () => {
    const broken = await buildTestServer({ store: withBrokenCheck(openTestStore(':memory:')) });
    const health = await broken.app.inject('/api/health');
    const ready = await broken.app.inject('/api/ready');
    await broken.close();
    expect(health.statusCode).toBe(200);
    expect(ready.statusCode).toBe(503);
    expect(ready.json()).toMatchObject({ error: { code: 'unavailable' } });
    expect(ready.body).not.toContain('disk');
  });

  it('serves what comes but sends nobody here once it is told to stop', async () => {
    stopping = true;
    expect((await fetch(`${server.url}/api/ready`)).status).toBe(503);
    expect((await fetch(`${server.url}/api/health`)).status).toBe(200);
  });
});

describe('the API document', () => {
  interface Operation {
    readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: object } } };
    readonly responses: object;
  }
  const read = async () =>
    (await (await fetch(`${server.url}/api/docs`)).json()) as {
      openapi: string;
      paths: Record<string, Record<string, Operation>>;
      components: { responses: { Failure: object } };
    };

  it('describes every route of the API, each with the failures that it may end with', async () => {
    const document = await read();
    expect(document.openapi).toBe('3.1.0');
    const described = Object.keys(document.paths);
    // The router's own list, so that a new route cannot be left out.
    const routes = [...server.app.printRoutes({ commonPrefix: false }).matchAll(/(\/api\/[\w/:-]+) \(/g)].map(
      ([, route]) => route!.replace(/:(\w+)/g, '{$1}'),
    );
    expect(routes.length).toBeGreaterThan(4);
    expect(routes.filter((route) => !described.includes(route))).toEqual([]);
    for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
      expect(operation.responses).toHaveProperty('default', { $ref: '#/components/responses/Failure' });
    }
    expect(JSON.stringify(document.components.responses.Failure)).toContain(JSON.stringify(Object.keys(errors)));
  });

  it('has the schema that a sync is checked by', async () => {
    const { paths } = await read();
    const body = paths['/api/sync']!['post']!.requestBody!.content['application/json'].schema;
    expect(body).toMatchObject({
      additionalProperties: false,
      properties: { cursor: { type: 'integer', minimum: 0 }, changes: { type: 'array' } },
    });
  });
});

describe('figures', () => {
  it('count requests by route, changes by outcome, rows and open streams, and name no user', async () => {
    const who = await signUp(server);
    await sync(server, who, { changes: [settingInsert('a', '1')] });
    await sync(server, who, { device: 'another', cursor: 0 });
    const abort = new AbortController();
    await fetch(`${server.url}/api/sync/events`, { headers: { cookie: who.cookie }, signal: abort.signal });
    const text = await metrics.text();
    abort.abort();
    expect(text).toMatch(
      /lorikeet_http_request_duration_seconds_count\{method="POST",route="\/api\/sync",status="200"\} 2/,
    );
    expect(text).toContain('lorikeet_sync_changes_total{status="applied"} 1');
    expect(text).toContain('lorikeet_sync_rows_pulled_total 1');
    expect(text).toContain('lorikeet_event_streams_open 1');
    expect(text).toContain('lorikeet_long_pulls_waiting 0');
    expect(text).toContain('process_resident_memory_bytes');
    expect(text).not.toContain(who.user);
  });

  it('are served on a port of their own, and nothing else is', async () => {
    const own = await serveMetrics(metrics, { port: 0, host: '127.0.0.1' });
    const address = own.address();
    const at = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    const figures = await fetch(`${at}/metrics`);
    const other = await fetch(`${at}/api/health`);
    own.close();
    expect(figures.status).toBe(200);
    expect(figures.headers.get('content-type')).toContain('text/plain');
    expect(other.status).toBe(404);
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
  });
});

describe('the id of a request', () => {
  it('is in every reply, in an error’s body too, and never the client’s own', async () => {
    const reply = await fetch(`${server.url}/api/session`, {
      headers: { 'x-request-id': 'mine', 'request-id': 'mine' },
    });
    const id = reply.headers.get('x-request-id');
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await reply.json()).toMatchObject({ error: { code: 'signed_out', requestId: id } });
  });
});
