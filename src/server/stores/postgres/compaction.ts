/**
 * One step of the compaction of one account, in one transaction. What goes, `exchange/compaction.ts` decides. An account
 * that somebody writes to just now is passed over, and the account's version moves, so that an exchange which has read what
 * goes here starts again. Any number of servers may do this at once.
 */
import type { Sequence } from '../../../protocol/messages.ts';
import { epochsWith, isInEpoch } from '../../exchange/admission.ts';
import {
  afterStep,
  burials,
  countedSince,
  dueSince,
  forgettable,
  nothingDue,
  stepRows,
  type Burial,
  type Compacted,
  type CompactionStep,
  type Visited,
} from '../../exchange/compaction.ts';
import type { Session, Statement } from './connections.ts';

export async function compact({ run }: Session, step: CompactionStep): Promise<Compacted> {
  const [due] = await run<DueCells>(statements.due, [dueSince(step)]);
  if (!due) return nothingDue;
  const [key, head, horizon, epochs, noted] = due;
  // After the account was locked: what its devices have said by then.
  const [cursors] = await run<[cursor: string | null]>(statements.cursor, [key, countedSince(step)]);
  const cursor = cursors?.[0] ?? null;
  const visited: Visited = {
    head: Number(head),
    horizon: Number(horizon),
    noted: Number(noted),
    cursor: cursor === null ? null : Number(cursor),
  };
  const found = await run<[id: string, meta: string]>(statements.decided, [key]);
  const decided = found.map(([id, meta]) => ({ id, meta }));
  const buried = burials(decided, visited.head, step);
  const begun = buried.length > 0 ? await bury({ run }, { key, epochs, buried }) : epochs;
  const gone = await run<[seq: string]>(statements.forget, [key, forgettable(visited)]);
  const forgotten = gone.map(([seq]) => Number(seq));
  const after = afterStep({ visited, found: found.length, buried: buried.length, forgotten });
  const note = after.ends ? [after.head, step.now] : [null, null];
  await run(statements.move, [key, after.head, after.horizon, begun, ...note]);
  return { more: true, conflicts: buried.length, tombstones: forgotten.length };
}

type DueCells = [key: string, head: string, horizon: string, epochs: string, noted: string];

/** Gives what devices are told of the epochs from now on. */
async function bury(
  { run }: Session,
  { key, epochs, buried }: { key: string; epochs: string; buried: readonly Burial[] },
): Promise<string> {
  await run(statements.bury, [
    key,
    buried.map(({ id }) => id),
    buried.map(({ seq }) => seq),
    buried.map(({ meta }) => meta),
  ]);
  const [present] = await run<[epoch: string]>(statements.epoch, []);
  const epoch = present?.[0] ?? '';
  if (isInEpoch(epochs, epoch)) return epochs;
  const first: Sequence = buried[0]!.seq;
  await run(statements.putEpoch, [key, first, epoch]);
  return epochsWith(epochs, epoch);
}

/**
 * What a conflict says of itself is found in its text: `json` refuses an escaped U+0000 anywhere in it. In a text of JSON
 * a quote has a backslash before it, so that these patterns meet keys and no value.
 */
const statements = {
  due: {
    name: 'compaction-due',
    text: `SELECT usr, head, horizon, epochs, noted FROM account_head WHERE noted_at <= $1
      ORDER BY noted_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
  },
  cursor: {
    name: 'compaction-cursor',
    text: 'SELECT min(cursor) FROM device WHERE usr = $1 AND retired_at IS NULL AND last_seen >= $2',
  },
  decided: {
    name: 'compaction-decided',
    text: `SELECT id, meta FROM synced_row WHERE usr = $1 AND tbl = 'conflict' AND NOT deleted
      AND data ~ '"state":"(decided|resolved)"' ORDER BY id LIMIT ${stepRows}`,
  },
  bury: {
    name: 'compaction-bury',
    text: `UPDATE synced_row r SET seq = b.seq, deleted = true, meta = b.meta
      FROM unnest($2::text[], $3::bigint[], $4::text[]) AS b (id, seq, meta)
      WHERE r.usr = $1 AND r.tbl = 'conflict' AND r.id = b.id`,
  },
  epoch: { name: 'compaction-epoch', text: 'SELECT epoch FROM lorikeet_schema' },
  putEpoch: { name: 'compaction-put-epoch', text: 'INSERT INTO epoch (usr, first, id) VALUES ($1, $2, $3)' },
  forget: {
    name: 'compaction-forget',
    text: `
      DELETE FROM synced_row WHERE usr = $1 AND (tbl, id) IN (
        SELECT tbl, id FROM synced_row r WHERE usr = $1 AND deleted AND seq <= $2 AND (tbl, id) NOT IN (
          SELECT c.tbl, c.id FROM (
            SELECT substring(data from '"table_name":"([^"\\\\]*)"'), substring(data from '"row_id":"([^"\\\\]*)"')
            FROM synced_row WHERE usr = $1 AND tbl = 'conflict' AND NOT deleted
          ) AS c (tbl, id) WHERE c.tbl IS NOT NULL AND c.id IS NOT NULL
        ) ORDER BY seq LIMIT ${stepRows}
      ) RETURNING seq`,
  },
  move: {
    name: 'compaction-move',
    text: `UPDATE account_head SET version = version + 1, head = $2, horizon = $3, epochs = $4,
      noted = coalesce($5::bigint, noted), noted_at = coalesce($6::bigint, noted_at) WHERE usr = $1`,
  },
} satisfies Record<string, Statement>;
