/** Everything that is kept of a person's learning, as a file: JSON, or a SQLite database. */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { exportQuerySchema } from '../../protocol/account-schema.ts';
import { currentSchema } from '../../schema/tables.ts';
import type { Account, StoredValues } from '../account-store.ts';
import type { ChangeStore } from '../change-store.ts';
import type { RouteContext, Server } from './server-types.ts';

/** Rows read at a time; a page also ends where it is large. */
const pageRows = 1_000;
/** An export reads the whole account: so many an hour from one address. */
const exportsPerHour = 30;
/** Of the JSON: raised when a reader of it would have to change. */
const format = 1;

interface ExportPage {
  readonly table: string;
  readonly rows: readonly StoredValues[];
}
/** Writes a new file from the pages. */
export type WriteExportFile = (file: string, pages: AsyncIterable<ExportPage>) => Promise<void>;

export function addExportRoute(server: Server, context: RouteContext & { readonly writeFile: WriteExportFile }): void {
  const { store, clock, sessions, writeFile } = context;
  const schema = {
    tags: ['account'],
    summary: 'All rows of the account, as JSON or as a SQLite file.',
    querystring: exportQuerySchema,
  };
  const config = { rateLimit: { max: exportsPerHour, timeWindow: 3_600_000 } };
  server.get('/api/account/export', { schema, config }, async (request, reply) => {
    const { user } = await sessions.required(request, reply);
    const now = clock.now();
    const kind = request.query.format;
    const name = `lorikeet-${new Date(now).toISOString().slice(0, 10)}.${kind}`;
    reply.header('cache-control', 'no-store').header('content-disposition', `attachment; filename="${name}"`);
    const pages = pagesOf(store, user.id);
    if (kind === 'sqlite') return reply.type('application/vnd.sqlite3').send(await fileOf(pages, writeFile));
    return reply.type('application/json; charset=utf-8').send(Readable.from(jsonOf(pages, { user, now })));
  });
}

/** All living rows, table by table, each as it is when it is read. */
async function* pagesOf(store: ChangeStore, user: string): AsyncGenerator<ExportPage> {
  for (const table of currentSchema.syncOrder) {
    for (let after = ''; ;) {
      const rows = await store.listRows({ user, table, after, limit: pageRows });
      if (rows.length === 0) break;
      after = rows.at(-1)!.id;
      yield { table, rows };
    }
  }
}

/** `{format, app, schema, exportedAt, account: {id, name}, tables: {name: [row, …]}}`, times as in the rows. */
async function* jsonOf(
  pages: AsyncIterable<ExportPage>,
  { user, now }: { readonly user: Account; readonly now: number },
): AsyncGenerator<string> {
  const head = { format, app: 'Lorikeet', schema: currentSchema.version, exportedAt: now };
  const account = { id: user.id, name: user.name };
  yield `${JSON.stringify({ ...head, account }).slice(0, -1)},"tables":{`;
  let open: string | null = null;
  for await (const { table, rows } of pages) {
    const text = rows.map(({ id, values }) => JSON.stringify({ id, ...values })).join(',\n');
    if (table === open) yield `,\n${text}`;
    else yield `${open === null ? '' : '],'}\n${JSON.stringify(table)}:[\n${text}`;
    open = table;
  }
  yield `${open === null ? '' : ']'}}}\n`;
}

/** The file goes away when it has been sent, or was not. */
async function fileOf(pages: AsyncIterable<ExportPage>, writeFile: WriteExportFile): Promise<Readable> {
  const folder = await mkdtemp(path.join(tmpdir(), 'lorikeet-export-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const file = path.join(folder, 'lorikeet.sqlite');
    await writeFile(file, pages);
    return createReadStream(file).once('close', () => void remove());
  } catch (error) {
    await remove();
    throw error;
  }
}
