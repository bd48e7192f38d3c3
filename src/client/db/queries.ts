/** Every query of api.ts: its SQL, its parameters, and where SQL is not enough, how a row is finished. */
import type { Value } from '../../base/value.ts';
import { columnsOf } from '../../schema/tables.ts';
import type { Queries, QueryName } from './api.ts';
import { conflictsSql } from './conflict-list.ts';
import type { ReadSql } from './database.ts';
import { nextDueTimes, type CardColumns } from './fsrs-card.ts';
import { beginningPatterns, searchWords, type WordSearch } from './word-search.ts';

export interface QueryPlan {
  readonly sql: string;
  readonly params: readonly Value[];
  /** Makes the answer's row of the SQL row. */
  readonly finish?: (row: never) => unknown;
  /** The same without the full-text index, where the plan uses that. */
  readonly withoutIndex?: () => QueryPlan;
}

type Planners = { readonly [Q in QueryName]: (args: Queries[Q]['args']) => QueryPlan };

export function planQuery<Q extends QueryName>(name: Q, args: Queries[Q]['args']): QueryPlan {
  return planners[name](args);
}

export function runPlan(sql: ReadSql, plan: QueryPlan): unknown[] {
  const rows = sql.all(plan.sql, plan.params);
  return plan.finish ? rows.map((row) => plan.finish?.(row as never)) : rows;
}

/** The tables that a query reads: when one of them changes, its answer may. */
export function tablesRead(sql: string): ReadonlySet<string> {
  const names = [...sql.matchAll(/\b(?:FROM|JOIN)\s+(\w+)/gi)].map((match) => match[1]!);
  return new Set(names.map((name) => name.replace(/_fts$/, '')));
}

const dayLength = 86_400_000;
const wordColumns = 'v.id, v.language, v.word, v.translation, v.note, v.created_at, v.due_at, v.card_state, v.reps';
const cardColumns = 'v.stability, v.difficulty, v.scheduled_days, v.learning_steps, v.lapses, v.last_review_at';

/** New cards that may still be introduced today. A stored value that is no whole number (another version's) counts as none. */
const newCardsLeft = `SELECT max(0, coalesce(
    (SELECT min(1000, CAST(value AS INTEGER)) FROM setting WHERE key = 'new_cards_per_day' AND value GLOB '[0-9]*' AND value NOT GLOB '*[^0-9]*'),
    20)
  - (SELECT count(DISTINCT vocabulary_item_id) FROM review WHERE reviewed_at >= day_start AND card_state = 0)) FROM asked`;

const dueSql = `WITH
asked (now, day_start, new_cards, most) AS (SELECT ?, ?, ?, ?),
chosen (card) AS (
  SELECT * FROM (SELECT _rowid FROM vocabulary_item
    WHERE card_state IN (1, 2, 3) AND due_at <= (SELECT now FROM asked)
    ORDER BY due_at, _rowid LIMIT (SELECT most FROM asked))
  UNION ALL
  SELECT * FROM (SELECT _rowid FROM vocabulary_item
    WHERE card_state = 0 AND due_at <= (SELECT now FROM asked)
    ORDER BY due_at, _rowid LIMIT (SELECT min(most, coalesce(new_cards, (${newCardsLeft}))) FROM asked))
)
SELECT ${wordColumns}, ${cardColumns} FROM chosen JOIN vocabulary_item v ON v._rowid = card
ORDER BY v.card_state = 0, v.due_at, v._rowid LIMIT (SELECT most FROM asked)`;

const conversationSql = `SELECT c.id, c.title, c.language, c.scenario, c.started_at,
  (SELECT count(*) FROM message m WHERE m.conversation_id = c.id) AS messages,
  l.body AS last_body, l.sent_at AS last_at
FROM conversation c LEFT JOIN message l ON l._rowid = (
  SELECT m._rowid FROM message m WHERE m.conversation_id = c.id ORDER BY m.sent_at DESC, m.id DESC LIMIT 1)`;

// Nearly every new card is due: counting all and taking off the others reads a few entries and not all of them, for SQLite
// counts whole tables a page at a time. The streak walks back a day at a time, each step one look into the index on
// `happened_at`.
const summarySql = `WITH RECURSIVE
asked (now, day_start) AS (SELECT ?, ?),
new_cards (waiting, allowed) AS MATERIALIZED (SELECT
  (SELECT count(*) FROM vocabulary_item) - (SELECT count(*) FROM vocabulary_item WHERE card_state > 0)
    - (SELECT count(*) FROM vocabulary_item WHERE card_state = 0 AND due_at > now), (${newCardsLeft}) FROM asked),
streak (day) AS (
  SELECT CASE
    WHEN EXISTS (SELECT 1 FROM study_event WHERE happened_at >= day_start) THEN 0
    WHEN EXISTS (SELECT 1 FROM study_event WHERE happened_at >= day_start - ${dayLength}) THEN -1
  END FROM asked
  UNION ALL
  SELECT day - 1 FROM streak, asked WHERE EXISTS (SELECT 1 FROM study_event
    WHERE happened_at >= day_start + (day - 1) * ${dayLength} AND happened_at < day_start + day * ${dayLength})
)
SELECT
  (SELECT count(*) FROM vocabulary_item) AS words,
  (SELECT count(*) FROM vocabulary_item WHERE card_state IN (1, 2, 3) AND due_at <= now) + min(waiting, allowed) AS due,
  max(0, waiting - allowed) AS new_waiting,
  (SELECT count(*) FROM conversation) AS conversations,
  (SELECT count(*) FROM document) AS documents,
  (SELECT coalesce(sum(amount), 0) FROM study_event WHERE happened_at >= day_start AND kind = 'card_reviewed') AS reviewed_today,
  (SELECT coalesce(sum(amount), 0) FROM study_event WHERE happened_at >= day_start AND kind = 'word_added') AS added_today,
  (SELECT count(day) FROM streak) AS streak
FROM asked JOIN new_cards`;

const statusSql = `SELECT user_id, user_name, device,
  (SELECT count(*) FROM outbox) AS waiting,
  (SELECT count(*) FROM rejected_change) AS rejected,
  (SELECT count(*) FROM conflict WHERE state = 'open') AS open_conflicts,
  cursor, known, last_sync_at, last_error, next_attempt_at, notice
FROM sync_state`;

// The 95th percentile by nearest rank.
const statisticsSql = `WITH
ended (started_at, finished_at, processed, conflicts, error, duration) AS (
  SELECT started_at, finished_at, processed, conflicts, error, finished_at - started_at FROM sync_run WHERE started_at >= ?)
SELECT count(*) AS runs,
  count(*) FILTER (WHERE error IS NULL) AS successes,
  count(*) FILTER (WHERE error IS NOT NULL) AS failures,
  coalesce(sum(processed), 0) AS rows,
  coalesce(sum(conflicts), 0) AS conflicts,
  avg(duration) AS average_duration,
  (SELECT duration FROM ended ORDER BY duration LIMIT 1 OFFSET (SELECT (count(*) * 95 + 99) / 100 - 1 FROM ended)) AS p95_duration,
  max(finished_at) FILTER (WHERE error IS NULL) AS last_success_at
FROM ended`;

const planners: Planners = {
  'profile.get': () => all('profile', ''),
  'settings.all': () => all('setting', 'ORDER BY key'),
  'summary.get': ({ now, dayStart }) => ({ sql: summarySql, params: [now, dayStart] }),
  'words.list': (args) => listWords(args, searchWords(args.search)),
  'words.count': ({ search }) => countWords(search, searchWords(search)),
  'words.get': ({ id }) => ({ sql: `SELECT ${wordColumns} FROM vocabulary_item v WHERE v.id = ?`, params: [id] }),
  'words.whole': ({ id }) => all('vocabulary_item', 'WHERE id = ?', [id]),
  'reviews.due': ({ now, dayStart, newCards, limit }) => ({
    sql: dueSql,
    params: [now, dayStart, newCards, limit],
    finish: (row: DueRow) => finishDueCard(row, now),
  }),
  'conversations.list': () => ({
    sql: `${conversationSql} WHERE c.archived = 0 ORDER BY coalesce(l.sent_at, c.started_at) DESC, c.id DESC`,
    params: [],
  }),
  'conversations.get': ({ id }) => ({ sql: `${conversationSql} WHERE c.id = ?`, params: [id] }),
  'messages.list': ({ conversationId }) => ({
    sql: `SELECT id, ${columnsOf('message').join(', ')} FROM message WHERE conversation_id = ? ORDER BY sent_at, id`,
    params: [conversationId],
  }),
  'documents.list': () => ({
    sql: 'SELECT id, title, language, content_hash, source, added_at, position FROM document ORDER BY added_at DESC, id DESC',
    params: [],
  }),
  'documents.get': ({ id }) => all('document', 'WHERE id = ?', [id]),
  'sync.status': () => ({ sql: statusSql, params: [] }),
  'sync.waiting': () => ({
    sql: 'SELECT tbl AS table_name, count(*) AS waiting FROM outbox GROUP BY tbl ORDER BY tbl',
    params: [],
  }),
  'sync.runs': ({ limit }) => ({
    sql: `SELECT id, direction, started_at, finished_at, processed, succeeded, failed, conflicts, bytes_sent, bytes_received, error, reload
FROM sync_run ORDER BY id DESC LIMIT ?`,
    params: [limit],
  }),
  'sync.rejected': () => ({
    sql: `SELECT table_name, row_id, op, code, column_name, values_json, rejected_at
FROM rejected_change ORDER BY rejected_at DESC, table_name, row_id`,
    params: [],
  }),
  'sync.statistics': ({ since }) => ({ sql: statisticsSql, params: [since] }),
  'conflicts.list': ({ limit }) => ({ sql: conflictsSql, params: [limit] }),
};

function all(table: Parameters<typeof columnsOf>[0], rest: string, params: readonly Value[] = []): QueryPlan {
  return { sql: `SELECT id, ${columnsOf(table).join(', ')} FROM ${table} ${rest}`, params };
}

function countWords(search: string, found: WordSearch | null): QueryPlan {
  return {
    sql: `SELECT count(*) AS total FROM vocabulary_item v ${found?.where ?? ''}`,
    params: found?.params ?? [],
    ...(found ? { withoutIndex: () => countWords(search, searchWords(search, 'without index')) } : {}),
  };
}

function listWords(args: Queries['words.list']['args'], found: WordSearch | null): QueryPlan {
  const { search, limit, offset } = args;
  const select = `SELECT ${wordColumns} FROM vocabulary_item v`;
  if (!found) {
    return { sql: `${select} ORDER BY v.created_at DESC, v._rowid DESC LIMIT ? OFFSET ?`, params: [limit, offset] };
  }
  return {
    sql: `${select} ${found.where}
ORDER BY v.word LIKE ? ESCAPE '\\' DESC, v.word LIKE ? ESCAPE '\\' DESC, length(v.word), v.word, v.id LIMIT ? OFFSET ?`,
    params: [...found.params, ...beginningPatterns(search), limit, offset],
    withoutIndex: () => listWords(args, searchWords(search, 'without index')),
  };
}

type DueRow = CardColumns & Readonly<Record<string, Value>>;

function finishDueCard(row: DueRow, now: number): unknown {
  const next = nextDueTimes(row, now);
  const { id, language, word, translation, note, created_at, due_at, card_state, reps } = row;
  return { id, language, word, translation, note, created_at, due_at, card_state, reps, next };
}
