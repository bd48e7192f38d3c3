/**
 * What the app can ask of the database, by name: the contract between pages and the database worker. Arguments and rows
 * are plain data that survives `postMessage`. SQL lives in queries.ts and mutations/, never in a page.
 *
 * Mutations are idempotent: ids and times come from the caller, so one that is sent again after a hand-over between two
 * leaders changes nothing.
 */
import type { Result } from '../../base/result.ts';
import type { Value } from '../../base/value.ts';
import type { ErrorCode } from '../../protocol/errors.ts';
import type { Row } from '../../schema/tables.ts';
import type { ReloadCause } from '../../sync/report.ts';

type Rating = 1 | 2 | 3 | 4;

export interface WordRow {
  readonly id: string;
  readonly language: string;
  readonly word: string;
  readonly translation: string;
  readonly note: string;
  readonly created_at: number;
  readonly due_at: number;
  readonly card_state: number;
  readonly reps: number;
}

export interface DueCard extends WordRow {
  /** When the card would come again for each answer: again, hard, good, easy. Milliseconds since 1970. */
  readonly next: readonly [number, number, number, number];
}

export interface ConversationRow {
  readonly id: string;
  readonly title: string;
  readonly language: string;
  readonly scenario: string;
  readonly started_at: number;
  readonly messages: number;
  readonly last_body: string | null;
  readonly last_at: number | null;
}

export interface Summary {
  readonly words: number;
  /** Reviews that are due, and new cards as far as today's number of them goes (setting `new_cards_per_day`). */
  readonly due: number;
  /** New cards beyond today's number. */
  readonly new_waiting: number;
  readonly conversations: number;
  readonly documents: number;
  /** Since `dayStart`. */
  readonly reviewed_today: number;
  readonly added_today: number;
  /** Days in a row with study, today or yesterday being the last. */
  readonly streak: number;
}

/**
 * What befell this device's copy that the person may wonder about: everything was loaded anew, or another device had its
 * id (`copied`), as after a browser's profile was restored from a backup.
 */
export type SyncNotice = ReloadCause | 'copied';

export interface SyncStatusRow {
  readonly user_id: string | null;
  readonly user_name: string | null;
  readonly device: string;
  /** Dirty records not yet answered for by the server. */
  readonly waiting: number;
  readonly rejected: number;
  readonly open_conflicts: number;
  /** Of the server's sequence: what is stored here, and the highest that this device has heard of. */
  readonly cursor: number;
  readonly known: number;
  /** End of the last run that got through, milliseconds since 1970. */
  readonly last_sync_at: number | null;
  readonly last_error: ErrorCode | null;
  readonly next_attempt_at: number | null;
  /** Until the person has read it. */
  readonly notice: SyncNotice | null;
}

export interface RejectedRow {
  readonly table_name: string;
  readonly row_id: string;
  readonly op: 'insert' | 'update' | 'delete';
  readonly code: string;
  readonly column_name: string | null;
  /** JSON of the values that were refused. */
  readonly values_json: string;
  readonly rejected_at: number;
}

export interface RunRow {
  readonly id: number;
  readonly direction: string;
  readonly started_at: number;
  readonly finished_at: number;
  readonly processed: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly conflicts: number;
  readonly bytes_sent: number;
  readonly bytes_received: number;
  readonly error: ErrorCode | null;
  /** Why everything was loaded anew in this run, or null. */
  readonly reload: ReloadCause | null;
}

export interface ConflictRow extends Row<'conflict'> {
  /** Whether the row that it is about is here now. */
  readonly present: 0 | 1;
  /** JSON of the column's value now; null without such a row or column. */
  readonly current_value: string | null;
  /** What a person knows the row by: the word, the title, the key of a setting. Null without such a row. */
  readonly subject: string | null;
}

/** Computed from the stored runs; the last 1,000 are kept. Durations in milliseconds. */
export interface SyncStatistics {
  readonly runs: number;
  readonly successes: number;
  readonly failures: number;
  readonly rows: number;
  readonly conflicts: number;
  readonly average_duration: number | null;
  readonly p95_duration: number | null;
  /** End of the last run that got through, milliseconds since 1970. */
  readonly last_success_at: number | null;
}

type Query<Args, R> = { readonly args: Args; readonly row: R };
type Empty = Readonly<Record<never, never>>;

/** Every query: its arguments and one row of its answer. */
export interface Queries {
  'profile.get': Query<Empty, Row<'profile'>>;
  'settings.all': Query<Empty, Row<'setting'>>;
  'summary.get': Query<{ readonly now: number; readonly dayStart: number }, Summary>;
  /** `search` '' lists all, newest first; otherwise best match first, prefixes match, accents and case folded. */
  'words.list': Query<{ readonly search: string; readonly limit: number; readonly offset: number }, WordRow>;
  'words.count': Query<{ readonly search: string }, { readonly total: number }>;
  'words.get': Query<{ readonly id: string }, WordRow>;
  /** Every column, the card's too: what `words.restore` takes. */
  'words.whole': Query<{ readonly id: string }, Row<'vocabulary_item'>>;
  /**
   * Reviews first, then new cards: `newCards` of them at most, or with null what today's number (setting
   * `new_cards_per_day`) leaves after those that were introduced since `dayStart`.
   */
  'reviews.due': Query<
    { readonly now: number; readonly dayStart: number; readonly newCards: number | null; readonly limit: number },
    DueCard
  >;
  'conversations.list': Query<Empty, ConversationRow>;
  'conversations.get': Query<{ readonly id: string }, ConversationRow>;
  'messages.list': Query<{ readonly conversationId: string }, Row<'message'>>;
  'documents.list': Query<Empty, Omit<Row<'document'>, 'content'>>;
  'documents.get': Query<{ readonly id: string }, Row<'document'>>;
  'sync.status': Query<Empty, SyncStatusRow>;
  'sync.waiting': Query<Empty, { readonly table_name: string; readonly waiting: number }>;
  'sync.runs': Query<{ readonly limit: number }, RunRow>;
  /** Of the runs that began at `since` or later. */
  'sync.statistics': Query<{ readonly since: number }, SyncStatistics>;
  'sync.rejected': Query<Empty, RejectedRow>;
  /** Open ones first, then the latest. */
  'conflicts.list': Query<{ readonly limit: number }, ConflictRow>;
}

export interface NewWord {
  readonly word: string;
  readonly translation: string;
  readonly note?: string;
}

/** Every mutation and its arguments. Ids are made by the caller unless the table has a natural key; times are milliseconds since 1970. */
export interface Mutations {
  'profile.save': {
    readonly displayName: string;
    readonly nativeLanguage: string;
    readonly targetLanguage: string;
    readonly at: number;
  };
  'settings.put': { readonly key: string; readonly value: string };
  /** Adds each word that the language does not have yet; others stay as they are. */
  'words.add': { readonly language: string; readonly words: readonly NewWord[]; readonly at: number };
  'words.edit': { readonly id: string; readonly word: string; readonly translation: string; readonly note: string };
  'words.delete': { readonly id: string };
  /** Puts a deleted word back as it was, with its card; one that is there stays as it is. */
  'words.restore': { readonly row: Row<'vocabulary_item'> };
  /** Schedules the card by FSRS, keeps the review, counts it as study. */
  'reviews.grade': {
    readonly reviewId: string;
    readonly wordId: string;
    readonly rating: Rating;
    readonly at: number;
    readonly duration: number;
  };
  'conversations.start': {
    readonly id: string;
    readonly title: string;
    readonly language: string;
    readonly scenario: string;
    readonly at: number;
  };
  'conversations.rename': { readonly id: string; readonly title: string };
  /** With its messages. */
  'conversations.delete': { readonly id: string };
  'messages.send': {
    readonly id: string;
    readonly conversationId: string;
    readonly author: 'learner' | 'tutor';
    readonly body: string;
    readonly at: number;
  };
  'documents.add': {
    readonly title: string;
    readonly language: string;
    readonly content: string;
    readonly contentHash: string;
    readonly source: string;
    readonly at: number;
  };
  'documents.move': { readonly id: string; readonly position: number };
  'documents.delete': { readonly id: string };
  /** Counts reading as study. `readingId` is of one stretch of reading; minutes are whole ones, at least 1. */
  'documents.read': {
    readonly readingId: string;
    readonly language: string;
    readonly minutes: number;
    readonly at: number;
  };
  /**
   * The person's decision. For a column: the kept or the lost value, or one of their own. For a whole row (a deletion
   * that lost against edits): `kept` keeps it, `lost` deletes it after all. A row that was deleted meanwhile comes back,
   * unless the value is null: then it stays deleted.
   */
  'conflicts.resolve': {
    readonly id: string;
    readonly choice: 'kept' | 'lost' | 'edited';
    readonly value?: Value;
    readonly at: number;
  };
  /**
   * Makes a resolved conflict undecided again. `value` goes back into the column; null deletes a row that the decision
   * brought back; without it the row stays as it is. A row that the decision deleted comes back.
   */
  'conflicts.reopen': { readonly id: string; readonly value?: Value };
  /** Binds what is on the device to an account; fails with `wrong_account` when it is another's. */
  'account.attach': { readonly userId: string; readonly name: string };
  /** `keep`: stays for the same account; `remove`: every row and the outbox leave this device. */
  /** `release`: the account is no more; what is here belongs to the device alone, as before a first sign-up. */
  'account.detach': { readonly rows: 'keep' | 'release' | 'remove' };
  /** The person has read it. */
  'sync.dismiss': { readonly notice: SyncNotice };
  'rejected.discard': { readonly tableName: string; readonly rowId: string };
}

export type QueryName = keyof Queries;
export type MutationName = keyof Mutations;

/** `invalid`: an argument breaks the declaration of its table, `detail` says which column and how. */
export interface DatabaseFailure {
  readonly code: 'invalid' | 'wrong_account' | 'storage_full' | 'storage_failed' | 'outdated';
  readonly detail: string;
}

/**
 * `suspended`: the page is hidden and gave the database up; it comes back by itself. `outdated`: another tab runs
 * another version, this page has to be reloaded.
 */
export type DatabaseState =
  | { readonly kind: 'opening' }
  | { readonly kind: 'ready'; readonly role: 'leader' | 'follower'; readonly storage: 'opfs' | 'indexeddb' }
  | { readonly kind: 'suspended' }
  | { readonly kind: 'outdated' }
  | { readonly kind: 'failed'; readonly failure: DatabaseFailure };

/** The database as a page has it, whichever tab leads. Requests made while none leads wait for the next leader. */
export interface LocalDatabase {
  query<Q extends QueryName>(name: Q, args: Queries[Q]['args']): Promise<Result<Queries[Q]['row'][], DatabaseFailure>>;
  /**
   * Calls `onRows` with the answer now and whenever it changes; keeps on over hand-overs. Returns the unsubscribe.
   */
  live<Q extends QueryName>(
    name: Q,
    args: Queries[Q]['args'],
    onRows: (rows: Queries[Q]['row'][]) => void,
    onFailure?: (failure: DatabaseFailure) => void,
  ): () => void;
  /** Resolves when the change is on disk and in the outbox (I1). */
  mutate<M extends MutationName>(name: M, args: Mutations[M]): Promise<Result<null, DatabaseFailure>>;
  readonly state: DatabaseState;
  onState(listener: (state: DatabaseState) => void): () => void;
}
