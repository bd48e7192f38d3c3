/**
 * The one declaration of every synced table. Client DDL, triggers, validation on both sides and row types all follow
 * from it, so a column is added here and nowhere else (and in `steps.ts`, for files that exist already).
 *
 * Times are milliseconds since 1970 (UTC). Languages are BCP 47 tags. Deletions are tombstones of the protocol, not a column.
 */
import type { NumberColumn, RowOf, Table, TextColumn } from './column.ts';
import { defineSchema } from './schema.ts';
import { steps } from './steps.ts';

const time = { type: 'integer', min: 0, max: 8_640_000_000_000_000, computed: true } as const satisfies NumberColumn;
const optionalTime = { ...time, nullable: true, default: null } as const satisfies NumberColumn;
const flag = { type: 'integer', min: 0, max: 1, default: 0 } as const satisfies NumberColumn;
const count = {
  type: 'integer',
  min: 0,
  max: 1_000_000_000,
  default: 0,
  computed: true,
} as const satisfies NumberColumn;
const language = { type: 'text', minLength: 2, maxLength: 35 } as const satisfies TextColumn;
const reference = { type: 'text', minLength: 1, maxLength: 64 } as const satisfies TextColumn;
const optionalText = (maxLength: number) => ({ type: 'text', maxLength, default: '' }) as const satisfies TextColumn;

export const tables = {
  profile: {
    priority: 1,
    naturalKey: [],
    columns: {
      display_name: optionalText(80),
      native_language: language,
      target_language: language,
      created_at: time,
    },
  },
  setting: {
    priority: 1,
    naturalKey: ['key'],
    columns: {
      key: { type: 'text', minLength: 1, maxLength: 100 },
      /** JSON. */
      value: { type: 'text', maxLength: 4_000 },
    },
  },
  conversation: {
    priority: 2,
    indexes: [['started_at']],
    columns: {
      title: { type: 'text', minLength: 1, maxLength: 200 },
      language,
      /** The guided dialogue it follows, or '' for a free one. */
      scenario: optionalText(100),
      started_at: time,
      archived: flag,
    },
  },
  message: {
    priority: 2,
    appendOnly: true,
    indexes: [['conversation_id', 'sent_at']],
    columns: {
      conversation_id: reference,
      author: { type: 'text', maxLength: 10, enum: ['learner', 'tutor'] },
      body: { type: 'text', minLength: 1, maxLength: 8_000 },
      sent_at: time,
    },
  },
  learning_progress: {
    priority: 3,
    naturalKey: ['language', 'skill'],
    columns: {
      language,
      skill: { type: 'text', maxLength: 20, enum: ['vocabulary', 'conversation', 'reading'] },
      level: { type: 'text', maxLength: 2, enum: ['A1', 'A2', 'B1', 'B2', 'C1', 'C2'], default: 'A1' },
      /** Units a day: cards for vocabulary, messages for conversation, minutes for reading. */
      daily_goal: { type: 'integer', min: 0, max: 10_000, default: 20 },
    },
  },
  study_event: {
    priority: 3,
    appendOnly: true,
    indexes: [['happened_at']],
    columns: {
      kind: { type: 'text', maxLength: 20, enum: ['card_reviewed', 'word_added', 'message_sent', 'text_read'] },
      language,
      amount: count,
      happened_at: time,
    },
  },
  vocabulary_item: {
    priority: 4,
    naturalKey: ['language', 'word'],
    fullText: ['word', 'translation', 'note'],
    indexes: [['card_state', 'due_at'], ['created_at']],
    columns: {
      language,
      word: { type: 'text', minLength: 1, maxLength: 200 },
      translation: { type: 'text', maxLength: 400 },
      note: optionalText(1_000),
      created_at: time,
      // The FSRS card (ts-fsrs `Card`), one column a field.
      due_at: time,
      stability: { type: 'real', min: 0, max: 1_000_000, default: 0, computed: true },
      difficulty: { type: 'real', min: 0, max: 100, default: 0, computed: true },
      scheduled_days: count,
      learning_steps: count,
      reps: count,
      lapses: count,
      /** ts-fsrs `State`: 0 new, 1 learning, 2 review, 3 relearning. */
      card_state: { type: 'integer', min: 0, max: 3, default: 0, computed: true },
      last_review_at: optionalTime,
    },
  },
  review: {
    priority: 4,
    appendOnly: true,
    indexes: [
      ['vocabulary_item_id', 'reviewed_at'],
      ['card_state', 'reviewed_at', 'vocabulary_item_id'],
    ],
    columns: {
      vocabulary_item_id: reference,
      /** ts-fsrs `Rating`: 1 again, 2 hard, 3 good, 4 easy. */
      rating: { type: 'integer', min: 1, max: 4 },
      /** ts-fsrs `State` before the review. */
      card_state: { type: 'integer', min: 0, max: 3 },
      reviewed_at: time,
      /** Milliseconds from showing the card to the answer. */
      duration: count,
    },
  },
  document: {
    priority: 5,
    naturalKey: ['content_hash'],
    indexes: [['added_at']],
    columns: {
      title: { type: 'text', minLength: 1, maxLength: 200 },
      language,
      content: { type: 'text', minLength: 1, maxLength: 200_000 },
      /** SHA-256 of the content, hexadecimal. */
      content_hash: { type: 'text', minLength: 64, maxLength: 64 },
      source: optionalText(500),
      added_at: time,
      /** Paragraph at which the reader stopped, from 0. */
      position: count,
    },
  },
  conflict: {
    priority: 1,
    indexes: [['state', 'decided_at']],
    columns: {
      table_name: { type: 'text', minLength: 1, maxLength: 40, computed: true },
      row_id: { ...reference, computed: true },
      /** '' when the whole row is meant (a deletion against an edit). */
      column_name: { type: 'text', maxLength: 40, computed: true },
      strategy: {
        type: 'text',
        maxLength: 20,
        enum: ['latest_timestamp', 'server_wins', 'local_wins', 'manual_review'],
        computed: true,
      },
      /** JSON of the value before both changes, of the value that stands, and of the value that lost. */
      base_value: { type: 'text', maxLength: 1_300_000, computed: true },
      kept_value: { type: 'text', maxLength: 1_300_000, computed: true },
      lost_value: { type: 'text', maxLength: 1_300_000, computed: true },
      /** The device whose value lost. */
      lost_device: { ...reference, computed: true },
      /** `decided`: by rule; `open`: waits for the person; `resolved`: by the person. */
      state: { type: 'text', maxLength: 10, enum: ['decided', 'open', 'resolved'], computed: true },
      decided_at: time,
    },
  },
} as const satisfies Record<string, Table>;

export type TableName = keyof typeof tables;
export type Row<T extends TableName> = RowOf<(typeof tables)[T]>;

/** What this version of the app knows: the default wherever a schema is asked for. */
export const currentSchema = defineSchema({ tables, steps });

/** Client files carry it in `PRAGMA user_version`, requests in `schema`. */
export const schemaVersion = currentSchema.version;

/** Table names in sync order: by priority, then by declaration. */
export const syncOrder = currentSchema.syncOrder as readonly TableName[];

/** The declaration of a table, or undefined for a name that is not ours. */
export const tableOf = currentSchema.tableOf;

/** Declared columns of a table in their order. */
export const columnsOf: (name: TableName) => readonly string[] = currentSchema.columnsOf;
