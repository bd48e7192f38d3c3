/** The rows of a preview, of which exchange/preview.ts says what they are, as one text like those of a page (exchange-read.ts). */
import { rowOverhead } from '../../exchange/page.ts';
import { previewed } from '../../exchange/preview.ts';
import type { Session, Statement } from './connections.ts';

export async function readPreview(session: Session, key: string, now: number): Promise<string | null> {
  const { whole, wholeTables, due, newest, newestOf } = previewed;
  const given = [key, wholeTables, whole, now, due, newestOf, newest];
  const [found] = await session.run<[rows: string | null]>(previewStatement, given);
  return found![0];
}

/** By its text, as in push-subscriptions.ts; that of the due time as in the index on it (schema.ts). */
const time = (column: string): string => `substring(data from '"${column}":([0-9]{1,16})')::bigint`;

const previewStatement: Statement = {
  name: 'exchange-preview',
  text: `
    SELECT string_agg('["' || tbl || '","' || id || '",' || seq || ',' ||
      octet_length(data) + octet_length(id) + ${rowOverhead} || ',' || data || ']', ',' ORDER BY part, at)
    FROM (
      SELECT 1 AS part, 0::bigint AS at, s.* FROM unnest($2::text[]) AS t (name)
      CROSS JOIN LATERAL (
        SELECT tbl, id, seq, data FROM synced_row WHERE usr = $1 AND tbl = t.name AND NOT deleted ORDER BY id LIMIT $3
      ) s
      UNION ALL
      (SELECT 2, ${time('due_at')}, tbl, id, seq, data FROM synced_row
       WHERE usr = $1 AND tbl = 'vocabulary_item' AND NOT deleted AND data ~ '"card_state":[123][,}]'
         AND ${time('due_at')} <= $4
       ORDER BY ${time('due_at')} LIMIT $5)
      UNION ALL
      (SELECT 3, -${time('created_at')}, tbl, id, seq, data
       FROM (SELECT tbl, id, seq, deleted, data FROM synced_row WHERE usr = $1 ORDER BY seq DESC LIMIT $6) latest
       WHERE tbl = 'vocabulary_item' AND NOT deleted ORDER BY 2, seq DESC LIMIT $7)
    ) first`,
};
