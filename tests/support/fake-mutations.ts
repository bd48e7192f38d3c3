/** The mutations of the app's database in memory. */
import { fsrs } from 'ts-fsrs';
import { v5 } from 'uuid';
import type { ConflictRow, DatabaseFailure, MutationName, Mutations } from '../../src/client/db/api.ts';
import type { Row, TableName } from '../../src/schema/tables.ts';
import { cardOf, columnsOf, namespace, newWord } from './fake-cards.ts';
import { messagesOf, type FakeRows } from './fake-rows.ts';

type FakeMutations = { readonly [M in MutationName]: (args: Mutations[M]) => DatabaseFailure | undefined };

export function fakeMutations(rows: FakeRows): FakeMutations {
  return {
    'profile.save': (args) => {
      rows.profile = {
        id: 'profile',
        display_name: args.displayName,
        native_language: args.nativeLanguage,
        target_language: args.targetLanguage,
        created_at: rows.profile?.created_at ?? args.at,
      };
      return undefined;
    },
    'settings.put': ({ key, value }) => put(rows.settings, { id: key, key, value }),
    'words.add': ({ language, words, at }) => {
      for (const word of words) {
        const row = newWord({ language, at, ...word });
        if (row.word.length === 0 || row.word.length > 200) return { code: 'invalid', detail: 'word' };
        if (!rows.words.has(row.id)) rows.words.set(row.id, row);
      }
      return undefined;
    },
    'words.edit': ({ id, word, translation, note }) => {
      const row = rows.words.get(id);
      if (row) rows.words.set(id, { ...row, word, translation, note });
      return undefined;
    },
    'words.delete': ({ id }) => void rows.words.delete(id),
    'words.restore': ({ row }) => put(rows.words, row),
    'reviews.grade': ({ reviewId, wordId, rating, at, duration }) => {
      const row = rows.words.get(wordId);
      if (!row) return undefined;
      const { card } = fsrs({ enable_fuzz: false }).next(cardOf(row), at, rating);
      rows.words.set(wordId, { ...row, ...columnsOf(card) });
      const before = row.card_state;
      return put(rows.reviews, {
        id: reviewId,
        vocabulary_item_id: wordId,
        rating,
        card_state: before,
        reviewed_at: at,
        duration,
      });
    },
    'conversations.start': ({ id, title, language, scenario, at }) =>
      put(rows.conversations, { id, title, language, scenario, started_at: at, archived: 0 }),
    'conversations.rename': ({ id, title }) => {
      const row = rows.conversations.get(id);
      if (row) rows.conversations.set(id, { ...row, title });
      return undefined;
    },
    'conversations.delete': ({ id }) => {
      for (const message of messagesOf(rows, id)) rows.messages.delete(message.id);
      rows.conversations.delete(id);
      return undefined;
    },
    'messages.send': ({ id, conversationId, author, body, at }) =>
      put(rows.messages, { id, conversation_id: conversationId, author, body, sent_at: at }),
    'documents.add': ({ title, language, content, contentHash, source, at }) => {
      const id = v5(contentHash, namespace);
      if (rows.documents.has(id)) return undefined;
      return put(rows.documents, {
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
      const row = rows.documents.get(id);
      if (row) rows.documents.set(id, { ...row, position });
      return undefined;
    },
    'documents.delete': ({ id }) => void rows.documents.delete(id),
    'documents.read': (reading) => void rows.readings.set(reading.readingId, reading),
    'conflicts.resolve': ({ id, ...decision }) => {
      rows.resolutions.push({ id, ...decision });
      return editConflict(rows, id, { state: 'resolved', decided_at: decision.at });
    },
    'conflicts.reopen': (reopening) => {
      rows.reopenings.push(reopening);
      return editConflict(rows, reopening.id, { state: 'open' });
    },
    'account.attach': ({ userId, name }) => {
      const other = rows.status.user_id !== null && rows.status.user_id !== userId;
      if (other) return { code: 'wrong_account', detail: 'another account' };
      rows.status = { ...rows.status, user_id: userId, user_name: name };
      return undefined;
    },
    'account.detach': ({ rows: kept }) => {
      rows.status = { ...rows.status, user_id: null, user_name: null };
      if (kept !== 'remove') return undefined;
      for (const table of [rows.words, rows.conversations, rows.messages, rows.documents, rows.reviews, rows.settings])
        table.clear();
      rows.profile = null;
      return undefined;
    },
    'sync.dismiss': ({ notice }) => {
      if (rows.status.notice === notice) rows.status = { ...rows.status, notice: null };
      return undefined;
    },
    'rejected.discard': ({ tableName, rowId }) => {
      const index = rows.rejected.findIndex((row) => row.table_name === tableName && row.row_id === rowId);
      if (index >= 0) rows.rejected.splice(index, 1);
      rows.status = { ...rows.status, rejected: rows.rejected.length };
      return undefined;
    },
  };
}

function editConflict(rows: FakeRows, id: string, change: Partial<ConflictRow>): undefined {
  const index = rows.conflicts.findIndex((row) => row.id === id);
  const row = rows.conflicts[index];
  if (row) rows.conflicts[index] = { ...row, ...change };
}

function put<T extends TableName>(table: Map<string, Row<T>>, row: Row<T>): undefined {
  if (!table.has(row.id) || 'key' in row) table.set(row.id, row);
}
