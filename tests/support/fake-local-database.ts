/**
 * The app's database in memory, behind the same contract: for unit tests of the UI and for working on screens. Answers
 * live queries again after every mutation, as the real one does, and can be told to fail.
 */
import { createEmptyCard, fsrs, type Card, type Grade } from 'ts-fsrs';
import { v5 } from 'uuid';
import { err, ok, type Result } from '../../src/base/result.ts';
import type {
  ConflictRow,
  ConversationRow,
  DatabaseFailure,
  DatabaseState,
  DueCard,
  LocalDatabase,
  MutationName,
  Mutations,
  Queries,
  QueryName,
  RejectedRow,
  RunRow,
  Summary,
  SyncStatistics,
  SyncStatusRow,
} from '../../src/client/db/api.ts';
import type { Row, TableName } from '../../src/schema/tables.ts';

type Words = Row<'vocabulary_item'>;
type Live = {
  readonly name: QueryName;
  readonly args: Queries[QueryName]['args'];
  readonly onRows: (rows: never[]) => void;
  last: string;
};

const namespace = '6f3c1c1e-7d1c-4a53-9b5c-0a6f0b8f7a10';
const day = 86_400_000;

export class FakeLocalDatabase implements LocalDatabase {
  readonly words = new Map<string, Words>();
  readonly conversations = new Map<string, Row<'conversation'>>();
  readonly messages = new Map<string, Row<'message'>>();
  readonly documents = new Map<string, Row<'document'>>();
  readonly reviews = new Map<string, Row<'review'>>();
  readonly settings = new Map<string, Row<'setting'>>();
  readonly conflicts: ConflictRow[] = [];
  statistics: SyncStatistics = {
    runs: 0,
    successes: 0,
    failures: 0,
    rows: 0,
    conflicts: 0,
    average_duration: null,
    p95_duration: null,
    last_success_at: null,
  };
  readonly resolutions: Mutations['conflicts.resolve'][] = [];
  readonly reopenings: Mutations['conflicts.reopen'][] = [];
  readonly readings = new Map<string, Mutations['documents.read']>();
  readonly runs: RunRow[] = [];
  readonly rejected: RejectedRow[] = [];
  /** Names of the mutations that were asked for, in order. */
  readonly asked: MutationName[] = [];
  profile: Row<'profile'> | null = null;
  /** Changed by tests; `changed()` tells the live queries. */
  status: SyncStatusRow = {
    user_id: null,
    user_name: null,
    device: 'device-1',
    waiting: 0,
    rejected: 0,
    open_conflicts: 0,
    cursor: 0,
    known: 0,
    last_sync_at: null,
    last_error: null,
    next_attempt_at: null,
    notice: null,
  };
  waiting: { table_name: string; waiting: number }[] = [];
  /** The failure of the next mutations, until it is null again. */
  failure: DatabaseFailure | null = null;
  #state: DatabaseState = { kind: 'ready', role: 'leader', storage: 'opfs' };
  readonly #stateListeners = new Set<(state: DatabaseState) => void>();
  readonly #live = new Set<Live>();

  get state(): DatabaseState {
    return this.#state;
  }

  set state(state: DatabaseState) {
    this.#state = state;
    for (const listener of this.#stateListeners) listener(state);
  }

  onState(listener: (state: DatabaseState) => void): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  }

  /** How many live queries are open. */
  get liveCount(): number {
    return this.#live.size;
  }

  async query<Q extends QueryName>(
    name: Q,
    args: Queries[Q]['args'],
  ): Promise<Result<Queries[Q]['row'][], DatabaseFailure>> {
    return ok(this.#answer(name, args));
  }

  live<Q extends QueryName>(
    name: Q,
    args: Queries[Q]['args'],
    onRows: (rows: Queries[Q]['row'][]) => void,
  ): () => void {
    const entry: Live = { name, args, onRows, last: '' };
    this.#live.add(entry);
    queueMicrotask(() => this.#push(entry));
    return () => this.#live.delete(entry);
  }

  async mutate<M extends MutationName>(name: M, args: Mutations[M]): Promise<Result<null, DatabaseFailure>> {
    this.asked.push(name);
    if (this.failure !== null) return err(this.failure);
    const failure = (this.#mutations[name] as (args: Mutations[M]) => DatabaseFailure | undefined)(args);
    if (failure) return err(failure);
    this.changed();
    return ok(null);
  }

  changed(): void {
    for (const entry of this.#live) queueMicrotask(() => this.#push(entry));
  }

  #push(entry: Live): void {
    if (!this.#live.has(entry)) return;
    const rows = this.#answer(entry.name, entry.args);
    const text = JSON.stringify(rows);
    if (text === entry.last) return;
    entry.last = text;
    entry.onRows(rows as never);
  }

  #answer<Q extends QueryName>(name: Q, args: Queries[Q]['args']): Queries[Q]['row'][] {
    return (this.#queries[name] as (args: Queries[Q]['args']) => Queries[Q]['row'][])(args);
  }

  #found(search: string): Words[] {
    const terms = folded(search).split(/\s+/).filter(Boolean);
    return [...this.words.values()]
      .filter((row) => {
        const tokens = folded(`${row.word} ${row.translation} ${row.note}`).split(/[^\p{L}\p{N}]+/u);
        return terms.every((term) => tokens.some((token) => token.startsWith(term)));
      })
      .sort((a, b) => b.created_at - a.created_at);
  }

  #conversationRow(row: Row<'conversation'>): ConversationRow {
    const messages = this.#messagesOf(row.id);
    const last = messages.at(-1);
    return { ...row, messages: messages.length, last_body: last?.body ?? null, last_at: last?.sent_at ?? null };
  }

  #editConflict(id: string, change: Partial<ConflictRow>): undefined {
    const index = this.conflicts.findIndex((row) => row.id === id);
    const row = this.conflicts[index];
    if (row) this.conflicts[index] = { ...row, ...change };
  }

  #messagesOf(id: string): Row<'message'>[] {
    return [...this.messages.values()]
      .filter((row) => row.conversation_id === id)
      .sort((a, b) => a.sent_at - b.sent_at);
  }

  #summary({ now, dayStart }: Queries['summary.get']['args']): Summary {
    const words = [...this.words.values()];
    const today = [...this.reviews.values()].filter((row) => row.reviewed_at >= dayStart).length;
    const offered = this.#offered({ now, dayStart, newCards: null });
    return {
      words: words.length,
      due: offered.length,
      new_waiting: words.filter((row) => row.due_at <= now).length - offered.length,
      conversations: this.conversations.size,
      documents: this.documents.size,
      reviewed_today: today,
      added_today: words.filter((row) => row.created_at >= dayStart).length,
      streak: today > 0 ? 1 : 0,
    };
  }

  #offered({ now, dayStart, newCards }: Omit<Queries['reviews.due']['args'], 'limit'>): Words[] {
    const introduced = [...this.reviews.values()].filter((row) => row.reviewed_at >= dayStart && row.card_state === 0);
    const perDay = Number(this.settings.get('new_cards_per_day')?.value ?? 20);
    const due = [...this.words.values()].filter((row) => row.due_at <= now).sort((a, b) => a.due_at - b.due_at);
    const fresh = due.filter((row) => row.card_state === 0);
    return [
      ...due.filter((row) => row.card_state > 0),
      ...fresh.slice(0, newCards ?? Math.max(0, perDay - introduced.length)),
    ];
  }

  #due({ now, limit, ...asked }: Queries['reviews.due']['args']): DueCard[] {
    const scheduler = fsrs({ enable_fuzz: false });
    return this.#offered({ now, ...asked })
      .slice(0, limit)
      .map((row) => {
        const next = scheduler.repeat(cardOf(row), now);
        const at = (grade: Grade) => next[grade].card.due.getTime();
        return { ...row, next: [at(1), at(2), at(3), at(4)] };
      });
  }

  readonly #queries: { [Q in QueryName]: (args: Queries[Q]['args']) => Queries[Q]['row'][] } = {
    'profile.get': () => (this.profile === null ? [] : [this.profile]),
    'settings.all': () => [...this.settings.values()],
    'summary.get': (args) => [this.#summary(args)],
    'words.list': ({ search, limit, offset }) => this.#found(search).slice(offset, offset + limit),
    'words.count': ({ search }) => [{ total: this.#found(search).length }],
    'words.get': ({ id }) => some(this.words.get(id)),
    'words.whole': ({ id }) => some(this.words.get(id)),
    'reviews.due': (args) => this.#due(args),
    'conversations.list': () =>
      [...this.conversations.values()]
        .map((row) => this.#conversationRow(row))
        .sort((a, b) => (b.last_at ?? b.started_at) - (a.last_at ?? a.started_at)),
    'conversations.get': ({ id }) => some(this.conversations.get(id)).map((row) => this.#conversationRow(row)),
    'messages.list': ({ conversationId }) => this.#messagesOf(conversationId),
    'documents.list': () => [...this.documents.values()].sort((a, b) => b.added_at - a.added_at),
    'documents.get': ({ id }) => some(this.documents.get(id)),
    'sync.status': () => [this.status],
    'sync.waiting': () => this.waiting,
    'sync.runs': ({ limit }) => this.runs.slice(0, limit),
    'sync.statistics': () => [this.statistics],
    'sync.rejected': () => this.rejected,
    'conflicts.list': ({ limit }) => this.conflicts.slice(0, limit),
  };

  readonly #mutations: { [M in MutationName]: (args: Mutations[M]) => DatabaseFailure | undefined } = {
    'profile.save': (args) => {
      this.profile = {
        id: 'profile',
        display_name: args.displayName,
        native_language: args.nativeLanguage,
        target_language: args.targetLanguage,
        created_at: this.profile?.created_at ?? args.at,
      };
      return undefined;
    },
    'settings.put': ({ key, value }) => put(this.settings, { id: key, key, value }),
    'words.add': ({ language, words, at }) => {
      for (const word of words) {
        const row = newWord({ language, at, ...word });
        if (row.word.length === 0 || row.word.length > 200) return { code: 'invalid', detail: 'word' };
        if (!this.words.has(row.id)) this.words.set(row.id, row);
      }
      return undefined;
    },
    'words.edit': ({ id, word, translation, note }) => {
      const row = this.words.get(id);
      if (row) this.words.set(id, { ...row, word, translation, note });
      return undefined;
    },
    'words.delete': ({ id }) => void this.words.delete(id),
    'words.restore': ({ row }) => put(this.words, row),
    'reviews.grade': ({ reviewId, wordId, rating, at, duration }) => {
      const row = this.words.get(wordId);
      if (!row) return undefined;
      const { card } = fsrs({ enable_fuzz: false }).next(cardOf(row), at, rating);
      this.words.set(wordId, { ...row, ...columnsOf(card) });
      const before = row.card_state;
      return put(this.reviews, {
        id: reviewId,
        vocabulary_item_id: wordId,
        rating,
        card_state: before,
        reviewed_at: at,
        duration,
      });
    },
    'conversations.start': ({ id, title, language, scenario, at }) =>
      put(this.conversations, { id, title, language, scenario, started_at: at, archived: 0 }),
    'conversations.rename': ({ id, title }) => {
      const row = this.conversations.get(id);
      if (row) this.conversations.set(id, { ...row, title });
      return undefined;
    },
    'conversations.delete': ({ id }) => {
      for (const message of this.#messagesOf(id)) this.messages.delete(message.id);
      this.conversations.delete(id);
      return undefined;
    },
    'messages.send': ({ id, conversationId, author, body, at }) =>
      put(this.messages, { id, conversation_id: conversationId, author, body, sent_at: at }),
    'documents.add': ({ title, language, content, contentHash, source, at }) => {
      const id = v5(contentHash, namespace);
      if (this.documents.has(id)) return undefined;
      return put(this.documents, {
        id,
        title,
        language,
        content,
        content_hash: contentHash,
        source,
        added_at: at,
        position: 0,
      });
    },
    'documents.move': ({ id, position }) => {
      const row = this.documents.get(id);
      if (row) this.documents.set(id, { ...row, position });
      return undefined;
    },
    'documents.delete': ({ id }) => void this.documents.delete(id),
    'documents.read': (reading) => void this.readings.set(reading.readingId, reading),
    'conflicts.resolve': ({ id, ...decision }) => {
      this.resolutions.push({ id, ...decision });
      return this.#editConflict(id, { state: 'resolved', decided_at: decision.at });
    },
    'conflicts.reopen': (reopening) => {
      this.reopenings.push(reopening);
      return this.#editConflict(reopening.id, { state: 'open' });
    },
    'account.attach': ({ userId, name }) => {
      const other = this.status.user_id !== null && this.status.user_id !== userId;
      if (other) return { code: 'wrong_account', detail: 'another account' };
      this.status = { ...this.status, user_id: userId, user_name: name };
      return undefined;
    },
    'account.detach': ({ rows }) => {
      this.status = { ...this.status, user_id: null, user_name: null };
      if (rows !== 'remove') return undefined;
      for (const table of [this.words, this.conversations, this.messages, this.documents, this.reviews, this.settings])
        table.clear();
      this.profile = null;
      return undefined;
    },
    'sync.dismiss': ({ notice }) => {
      if (this.status.notice === notice) this.status = { ...this.status, notice: null };
      return undefined;
    },
    'rejected.discard': ({ tableName, rowId }) => {
      const index = this.rejected.findIndex((row) => row.table_name === tableName && row.row_id === rowId);
      if (index >= 0) this.rejected.splice(index, 1);
      this.status = { ...this.status, rejected: this.rejected.length };
      return undefined;
    },
  };
}

interface WordInput {
  readonly language: string;
  readonly word: string;
  readonly translation: string;
  readonly note?: string;
  readonly at: number;
}

export function newWord({ language, word, translation, note = '', at }: WordInput): Words {
  const id = v5(`${language}\n${word}`, namespace);
  return { id, language, word, translation, note, created_at: at, ...columnsOf(createEmptyCard(at)) };
}

function cardOf(row: Words): Card {
  return {
    due: new Date(row.due_at),
    stability: row.stability,
    difficulty: row.difficulty,
    elapsed_days: row.last_review_at === null ? 0 : Math.floor((row.due_at - row.last_review_at) / day),
    scheduled_days: row.scheduled_days,
    learning_steps: row.learning_steps,
    reps: row.reps,
    lapses: row.lapses,
    state: row.card_state,
    ...(row.last_review_at === null ? {} : { last_review: new Date(row.last_review_at) }),
  };
}

function columnsOf(card: Card) {
  return {
    due_at: card.due.getTime(),
    stability: card.stability,
    difficulty: card.difficulty,
    scheduled_days: card.scheduled_days,
    learning_steps: card.learning_steps,
    reps: card.reps,
    lapses: card.lapses,
    card_state: card.state,
    last_review_at: card.last_review?.getTime() ?? null,
  };
}

function put<T extends TableName>(table: Map<string, Row<T>>, row: Row<T>): undefined {
  if (!table.has(row.id) || 'key' in row) table.set(row.id, row);
}

function some<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
