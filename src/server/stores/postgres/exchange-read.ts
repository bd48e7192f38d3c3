/** What exchanges meet, read for all of a batch by one statement, from one snapshot. */
import { limits } from '../../../protocol/limits.ts';
import type { Sequence } from '../../../protocol/messages.ts';
import { isId, isName } from '../../../schema/validate.ts';
import type { Push } from '../../change-store.ts';
import { heard, type DeviceState, type Epoch, type History } from '../../exchange/admission.ts';
import { rowKey, type AccountState, type StoredRows } from '../../exchange/merge-push.ts';
import { mostRows, rowOverhead, type PulledRow, type RowsAfter } from '../../exchange/page.ts';
import { getsPreview, takesPreview } from '../../exchange/preview.ts';
import { unpackRow, type Meta, type StoredValues } from '../../exchange/row-codec.ts';
import { asStorable, type Session, type Statement } from './connections.ts';
import { readPreview } from './preview.ts';

/** A push, and the key of its account. */
export interface Asked {
  readonly key: string;
  readonly push: Push;
}

/** What a push meets. */
export interface Met {
  readonly version: string;
  readonly account: AccountState;
  readonly rows: StoredRows;
  readonly after: RowsAfter;
  readonly preview: readonly PulledRow[] | null;
  readonly device: DeviceState | null;
  readonly history: History;
  /** The one that the server is in. */
  readonly epoch: string;
}

type ReadCells = [
  at: string,
  version: string,
  head: string,
  clock: string,
  met: string | null,
  choices: string | null,
  page: string | null,
  whole: boolean,
  horizon: string,
  epochs: string,
  epoch: string,
  device: string | null,
  allEpochs: string | null,
];

/** One for each, in order; null where there is no such account (any more). Who takes a preview asks alone. */
export async function readAll(session: Session, asked: readonly Asked[]): Promise<(Met | null)[]> {
  const [first] = asked;
  return asked.length === 1 && takesPreview(first!.push)
    ? [await readPreviewing(session, first!)]
    : read(session, asked);
}

/**
 * The rows of a preview are read after all else, and those beyond the head as it was are left out: what becomes of the others
 * later is told by the pages, or else the device is told that it has missed it.
 */
async function readPreviewing(session: Session, { key, push }: Asked): Promise<Met | null> {
  const [met] = await read(session, [{ key, push: { ...push, limit: 0 } }]);
  if (!met) return null;
  if (!getsPreview(push, met.account)) return (await read(session, [{ key, push }]))[0]!;
  return { ...met, preview: pulledRows(await readPreview(session, key, push.now)) };
}

async function read(session: Session, asked: readonly Asked[]): Promise<(Met | null)[]> {
  const wanted = asked.map(({ push }) => wantedBy(push));
  const questions = asked.map((one, at) => questionOf(one, wanted[at]!));
  const rows =
    questions.length === 1
      ? await session.run<ReadCells>(readOne, Object.values(questions[0]!))
      : await session.run<ReadCells>(readMany, [JSON.stringify(questions)]);
  const met = new Array<Met | null>(asked.length).fill(null);
  for (const [at, ...cells] of rows) {
    const index = Number(at) - 1;
    met[index] = metOf(wanted[index]!, cells);
  }
  return met;
}

/** In the order of the parameters of `readOne`. */
function questionOf({ key, push }: Asked, wanted: Push['changes']): Record<keyof typeof ofOne, unknown> {
  const most = mostRows(push);
  return {
    usr: key,
    tables: wanted.map(({ table }) => table),
    ids: wanted.map(({ id }) => id),
    cursor: push.cursor,
    most: most === 0 ? 0 : most + push.changes.length + 1,
    device: push.device,
    epochs: asStorable(heard(push.epoch).epochs),
  };
}

/** What is no name or no id would not be found, and may be no text that the database takes. */
function wantedBy({ changes }: Push): Push['changes'] {
  return changes.filter(({ table, id }) => isName(table) && isId(id));
}

type MetCells = ReadCells extends [unknown, ...infer Rest] ? Rest : never;

function metOf(wanted: Push['changes'], cells: MetCells): Met {
  const [version, head, clock, met, choices, page, whole, horizon, epochs, epoch, device, allEpochs] = cells;
  return {
    version,
    account: { head: Number(head), clock: Number(clock) },
    rows: storedRows(wanted, met, choices),
    after: { rows: pulledRows(page), all: whole },
    preview: null,
    device: device === null ? null : (JSON.parse(device) as DeviceState),
    history: {
      head: Number(head),
      horizon: Number(horizon),
      epochs,
      allEpochs: () => (allEpochs === null ? [] : (JSON.parse(allEpochs) as Epoch[])),
    },
    epoch,
  };
}

type MetEntry = readonly [at: number, seq: Sequence, values: StoredValues, meta: Meta];

function storedRows(wanted: Push['changes'], met: string | null, choices: string | null): StoredRows {
  const rows = new Map<string, MetEntry>();
  for (const entry of parseList<MetEntry>(met)) {
    const { table, id } = wanted[entry[0] - 1]!;
    rows.set(rowKey(table, id), entry);
  }
  return {
    row(table, id) {
      const entry = rows.get(rowKey(table, id));
      return entry ? unpackRow(id, entry[1], [entry[2], entry[3]]) : null;
    },
    choices: () =>
      parseList<readonly [id: string, values: StoredValues]>(choices).map(([id, { key, value }]) => ({
        id,
        key: String(key),
        value: String(value),
      })),
  };
}

function pulledRows(page: string | null): PulledRow[] {
  type Entry = readonly [table: string, id: string, seq: Sequence, bytes: number, values: StoredValues | null];
  return parseList<Entry>(page).map(([table, id, seq, bytes, values]) => ({ table, id, seq, bytes, values }));
}

/** The database sends a list as JSON without its brackets. */
function parseList<T>(entries: string | null): T[] {
  return entries === null ? [] : (JSON.parse(`[${entries}]`) as T[]);
}

/** How a question is named in the statement: by its parameters, or by the columns of a list of questions. */
const ofOne = { usr: '$1', tables: '$2', ids: '$3', cursor: '$4', most: '$5', device: '$6', epochs: '$7' };
const ofMany = {
  ...{ usr: 'q.usr', tables: 'q.tables', ids: 'q.ids', cursor: 'q.cursor', most: 'q.most' },
  ...{ device: 'q.device', epochs: 'q.epochs' },
};

/**
 * Lists of rows come as one text each, put together of the JSON that is stored: the database builds nothing and the server
 * parses once. Table names and ids need no quoting.
 */
function answersTo({ usr, tables, ids, cursor, most, device, epochs }: typeof ofOne): string {
  return `
      h.version, h.head, h.clock,
      (SELECT string_agg('[' || k.at || ',' || r.seq || ',' || r.data || ',' || r.meta || ']', ',')
       FROM unnest(${tables}::text[], ${ids}::text[]) WITH ORDINALITY AS k (tbl, id, at)
       CROSS JOIN LATERAL (
         SELECT seq, data, meta FROM synced_row WHERE usr = ${usr} AND tbl = k.tbl AND id = k.id OFFSET 0
       ) r),
      (SELECT string_agg('["' || id || '",' || data || ']', ',' ORDER BY id)
       FROM synced_row WHERE usr = ${usr} AND choice AND NOT deleted),
      p.page, p.whole, h.horizon, h.epochs, (SELECT epoch FROM lorikeet_schema),
      (SELECT json_build_object('writer', writer, 'stamp', stamp, 'cursor', cursor, 'session', session,
         'seenAt', last_seen, 'retired', retired_at IS NOT NULL)::text FROM device WHERE usr = ${usr} AND id = ${device}),
      CASE WHEN h.epochs <> ${epochs} THEN
        (SELECT json_agg(json_build_object('id', id, 'first', first) ORDER BY first)::text FROM epoch WHERE usr = ${usr})
      END
    FROM account_head h
    CROSS JOIN LATERAL (
      SELECT
        string_agg('["' || tbl || '","' || id || '",' || seq || ',' || bytes || ',' ||
          CASE WHEN deleted THEN 'null' ELSE data END || ']', ',' ORDER BY seq) FILTER (WHERE before < ${limits.pullBytes}),
        count(*) < ${most} AND coalesce(max(before), 0) < ${limits.pullBytes}
      FROM (
        SELECT *, sum(bytes) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - bytes AS before
        FROM (
          SELECT tbl, id, seq, deleted, data, octet_length(data) + octet_length(id) + ${rowOverhead} AS bytes
          FROM synced_row WHERE usr = ${usr} AND seq > ${cursor} ORDER BY seq LIMIT ${most}
        ) bounded
      ) measured
    ) p (page, whole)
    WHERE h.usr = ${usr}`;
}

/** With the account as a parameter the database leaves 15 of 16 partitions out before it opens them: for one, that is most of the work. */
const readOne: Statement = { name: 'exchange-read-one', text: `SELECT 1, ${answersTo(ofOne)}` };

const readMany: Statement = {
  name: 'exchange-read-many',
  text: `
    SELECT q.at, a.* FROM ROWS FROM (
      json_to_recordset($1::json) AS (
        usr bigint, tables text[], ids text[], cursor bigint, most bigint, device text, epochs text
      )
    ) WITH ORDINALITY AS q (usr, tables, ids, cursor, most, device, epochs, at)
    CROSS JOIN LATERAL (SELECT ${answersTo(ofMany)}) a`,
};
