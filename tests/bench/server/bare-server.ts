/**
 * ENTRY, of the benchmark alone: what an acknowledged push and a poke cost at least, with the same framework, the same
 * database and the same disk. One route reads the body as JSON, appends it to a table, flushed to the disk, and answers with
 * as many bytes: in SQLite in a group commit with `synchronous=FULL`, in PostgreSQL by one prepared INSERT for each push, on
 * as many connections as the server's. Another keeps a connection open; each push then writes one ready frame to those that
 * came with its cookie. No person, no check, no merge, no index.
 */
import type { Socket } from 'node:net';
import Database from 'better-sqlite3';
import Fastify from 'fastify';
import pg from 'pg';
import { createGroupCommit } from '../../../src/server/stores/sqlite/group-commit.ts';

type Put = (body: string) => Promise<unknown>;

function openSqlite(): Put {
  const database = new Database(process.env['LORIKEET_DATA']);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('CREATE TABLE IF NOT EXISTS pushed (body TEXT NOT NULL) STRICT');
  const put = database.prepare<[string]>('INSERT INTO pushed (body) VALUES (?)');
  const commits = createGroupCommit(database);
  return (body) => commits.run(1, () => put.run(body));
}

async function openPostgres(connectionString: string): Promise<Put> {
  const pool = new pg.Pool({ connectionString, max: 20 });
  await pool.query('CREATE TABLE IF NOT EXISTS pushed (body text NOT NULL)');
  return (body) => pool.query({ name: 'put', text: 'INSERT INTO pushed (body) VALUES ($1)', values: [body] });
}

const url = process.env['DATABASE_URL'];
const put = url === undefined ? openSqlite() : await openPostgres(url);
const listening = new Map<string, Set<Socket>>();
const event = 'id: 1000\nevent: poke\ndata: 1000\n\n';
const frame = Buffer.from(`${event.length.toString(16)}\r\n${event}\r\n`);

const server = Fastify();
server.post('/api/sync', async ({ body, headers }) => {
  await put(JSON.stringify(body));
  for (const socket of listening.get(headers.cookie ?? '') ?? []) socket.write(frame);
  // About what a reply to a push of one change has.
  return { results: [], rest: 'x'.repeat(300) };
});
server.get('/api/sync/events', (request, reply) => {
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
  reply.raw.write(event);
  const { cookie = '' } = request.headers;
  const sockets = listening.get(cookie) ?? new Set();
  listening.set(cookie, sockets.add(request.raw.socket));
  request.raw.socket.once('close', () => sockets.delete(request.raw.socket));
});
// Nothing in it is worth a clean end.
process.once('SIGTERM', () => process.exit(0));
await server.listen({ port: 0, host: 'localhost' });
const address = server.server.address();
process.stdout.write(`http://localhost:${typeof address === 'object' && address ? address.port : 0}\n`);
