/** The queries of the app's database in memory. */
import { fsrs, type Grade } from 'ts-fsrs';
import type { ConversationRow, DueCard, Queries, QueryName, Summary } from '../../src/client/db/api.ts';
import type { Row } from '../../src/schema/tables.ts';
import { cardOf, type Word } from './fake-cards.ts';
import { messagesOf, type FakeRows } from './fake-rows.ts';

type FakeQueries = { readonly [Q in QueryName]: (args: Queries[Q]['args']) => Queries[Q]['row'][] };

export function fakeQueries(rows: FakeRows): FakeQueries {
  return {
    'profile.get': () => (rows.profile === null ? [] : [rows.profile]),
    'settings.all': () => [...rows.settings.values()],
    'summary.get': (args) => [summary(rows, args)],
    'words.list': ({ search, limit, offset }) => found(rows, search).slice(offset, offset + limit),
    'words.count': ({ search }) => [{ total: found(rows, search).length }],
    'words.get': ({ id }) => some(rows.words.get(id)),
    'words.whole': ({ id }) => some(rows.words.get(id)),
    'reviews.due': (args) => due(rows, args),
    'conversations.list': () =>
      [...rows.conversations.values()]
        .map((row) => conversationRow(rows, row))
        .sort((a, b) => (b.last_at ?? b.started_at) - (a.last_at ?? a.started_at)),
    'conversations.get': ({ id }) => some(rows.conversations.get(id)).map((row) => conversationRow(rows, row)),
    'messages.list': ({ conversationId }) => messagesOf(rows, conversationId),
    'documents.list': () => [...rows.documents.values()].sort((a, b) => b.added_at - a.added_at),
    'documents.get': ({ id }) => some(rows.documents.get(id)),
    'sync.status': () => [rows.status],
    'sync.waiting': () => rows.waiting,
    'sync.runs': ({ limit }) => rows.runs.slice(0, limit),
    'sync.statistics': () => [rows.statistics],
    'sync.rejected': () => rows.rejected,
    'conflicts.list': ({ limit }) => rows.conflicts.slice(0, limit),
  };
}

function found(rows: FakeRows, search: string): Word[] {
  const terms = folded(search).split(/\s+/).filter(Boolean);
  return [...rows.words.values()]
    .filter((row) => {
      const tokens = folded(`${row.word} ${row.translation} ${row.note}`).split(/[^\p{L}\p{N}]+/u);
      return terms.every((term) => tokens.some((token) => token.startsWith(term)));
    })
    .sort((a, b) => b.created_at - a.created_at);
}

function conversationRow(rows: FakeRows, row: Row<'conversation'>): ConversationRow {
  const messages = messagesOf(rows, row.id);
  const last = messages.at(-1);
  return { ...row, messages: messages.length, last_body: last?.body ?? null, last_at: last?.sent_at ?? null };
}

function summary(rows: FakeRows, { now, dayStart }: Queries['summary.get']['args']): Summary {
  const words = [...rows.words.values()];
  const today = [...rows.reviews.values()].filter((row) => row.reviewed_at >= dayStart).length;
  const offered = offeredCards(rows, { now, dayStart, newCards: null });
  return {
    words: words.length,
    due: offered.length,
    new_waiting: words.filter((row) => row.due_at <= now).length - offered.length,
    conversations: rows.conversations.size,
    documents: rows.documents.size,
    reviewed_today: today,
    added_today: words.filter((row) => row.created_at >= dayStart).length,
    streak: today > 0 ? 1 : 0,
  };
}

function offeredCards(
  rows: FakeRows,
  { now, dayStart, newCards }: Omit<Queries['reviews.due']['args'], 'limit'>,
): Word[] {
  const introduced = [...rows.reviews.values()].filter((row) => row.reviewed_at >= dayStart && row.card_state === 0);
  const perDay = Number(rows.settings.get('new_cards_per_day')?.value ?? 20);
  const due = [...rows.words.values()].filter((row) => row.due_at <= now).sort((a, b) => a.due_at - b.due_at);
  const fresh = due.filter((row) => row.card_state === 0);
  return [
    ...due.filter((row) => row.card_state > 0),
    ...fresh.slice(0, newCards ?? Math.max(0, perDay - introduced.length)),
  ];
}

function due(rows: FakeRows, { now, limit, ...asked }: Queries['reviews.due']['args']): DueCard[] {
  const scheduler = fsrs({ enable_fuzz: false });
  return offeredCards(rows, { now, ...asked })
    .slice(0, limit)
    .map((row) => {
      const next = scheduler.repeat(cardOf(row), now);
      const at = (grade: Grade) => next[grade].card.due.getTime();
      return { ...row, next: [at(1), at(2), at(3), at(4)] };
    });
}

function some<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
