/**
 * One PostgreSQL for all the tests of a run, started when the first test asks for it: a run that needs none does not wait.
 * Vitest's global set-up runs in a process of its own; a test asks over HTTP (`postgresForTests`).
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { startPostgres, type PostgresCluster } from './postgres-cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgresDesk: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let cluster: Promise<PostgresCluster> | null = null;
  const desk = createServer((_request, response) => {
    cluster ??= startPostgres();
    cluster.then(
      ({ url }) => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  }).listen(0, '127.0.0.1');
  await once(desk, 'listening');
  const address = desk.address();
  project.provide('postgresDesk', `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`);
  return async () => {
    desk.closeAllConnections();
    desk.close();
    await (await cluster?.catch(() => null))?.close();
  };
}

/** The address of the run's PostgreSQL. Tests make databases of their own in it. */
export async function postgresForTests(): Promise<string> {
  const response = await fetch(inject('postgresDesk'));
  if (!response.ok) throw new Error(await response.text());
  return response.text();
}
