/**
 * Every mutation of api.ts by name. Each checks its arguments before it writes, is one transaction, and changes nothing
 * more when it is run again: a request is sent again when the database passes from one tab to another.
 */
import type { MutationName, Mutations } from '../api.ts';
import type { Database } from '../database.ts';
import { attachAccount, detachAccount, discardRejected, dismissNotice } from './account.ts';
import { reopenConflict, resolveConflict } from './conflicts.ts';
import { deleteConversation, renameConversation, sendMessage, startConversation } from './conversations.ts';
import { addDocument, deleteDocument, moveInDocument, readDocument } from './documents.ts';
import type { Mutation, Outcome } from './mutation.ts';
import { putSetting, saveProfile } from './settings.ts';
import { addWords, deleteWord, editWord, gradeReview, restoreWord } from './words.ts';

const mutations: { readonly [M in MutationName]: Mutation<M> } = {
  'profile.save': saveProfile,
  'settings.put': putSetting,
  'words.add': addWords,
  'words.edit': editWord,
  'words.delete': deleteWord,
  'words.restore': restoreWord,
  'reviews.grade': gradeReview,
  'conversations.start': startConversation,
  'conversations.rename': renameConversation,
  'conversations.delete': deleteConversation,
  'messages.send': sendMessage,
  'documents.add': addDocument,
  'documents.move': moveInDocument,
  'documents.delete': deleteDocument,
  'documents.read': readDocument,
  'conflicts.resolve': resolveConflict,
  'conflicts.reopen': reopenConflict,
  'account.attach': attachAccount,
  'account.detach': detachAccount,
  'sync.dismiss': dismissNotice,
  'rejected.discard': discardRejected,
};

export interface MutationRequest<M extends MutationName> {
  readonly name: M;
  readonly args: Mutations[M];
  readonly newId: () => string;
}

/** Throws `StorageError`. */
export function runMutation<M extends MutationName>(database: Database, request: MutationRequest<M>): Outcome {
  return database.write((sql) => mutations[request.name]({ sql, newId: request.newId }, request.args));
}
