/**
 * ENTRY, of the benchmark alone: what an acknowledged push costs at least, with the same framework on the same disk. One
 * route that reads the body as JSON, appends it to a table in a group commit with `synchronous=FULL`, and answers with as
 * many bytes. No person, no check, no merge, no index, no poke.
 */
import Database from 'better-sqlite3';
import Fastify from 'fastify';
import { createGroupCommit } from '../../../src/server/stores/sqlite/group-commit.ts';

const database = new Database(process.env['LORIKEET_DATA']);
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec('CREATE TABLE IF NOT EXISTS pushed (body TEXT NOT NULL) STRICT');
const put = database.prepare<[string]>('INSERT INTO pushed (body) VALUES (?)');
const commits = createGroupCommit(database);

const server = Fastify();
server.post('/api/sync', async (request) => {
  await commits.run(1, () => put.run(JSON.stringify(request.body)));
  // About what a reply to a push of one change has.
  return { results: [], rest: 'x'.repeat(300) };
});
process.once('SIGTERM', () => void server.close().then(() => database.close()));
await server.listen({ port: 0, host: 'localhost' });
const address = server.server.address();
process.stdout.write(`http://localhost:${typeof address === 'object' && address ? address.port : 0}\n`);
