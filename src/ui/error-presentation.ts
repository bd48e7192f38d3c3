/** Failures in words for a person: what happened, and that nothing is lost. The one place where codes become text. */
import type { DatabaseFailure } from '../client/db/api.ts';
import { errors, type Failure } from '../protocol/errors.ts';

export interface PresentedFailure {
  readonly title: string;
  readonly words: string;
  /** What a button can do about it. */
  readonly remedy: 'reload' | 'sign-in' | 'none';
}

const databaseWords: Readonly<Record<DatabaseFailure['code'], PresentedFailure>> = {
  invalid: {
    title: 'This could not be kept as it is',
    words: 'Something in it is too long or missing.',
    remedy: 'none',
  },
  wrong_account: { title: 'Another account', words: errors.wrong_account.words, remedy: 'none' },
  storage_full: {
    title: 'The storage of this device is full',
    words: 'This was not kept. Free some space on the device, then try again. Everything from before is safe.',
    remedy: 'none',
  },
  storage_failed: {
    title: 'The storage of this device did not answer',
    words: 'Reload the app and try again. Everything from before is safe.',
    remedy: 'reload',
  },
  outdated: {
    title: 'Lorikeet was updated in another tab',
    words: 'Reload this one to go on. Everything you did is kept.',
    remedy: 'reload',
  },
};

export function presentDatabaseFailure(failure: DatabaseFailure): PresentedFailure {
  return databaseWords[failure.code];
}

export function presentFailure(failure: Failure): PresentedFailure {
  if (failure.code === 'too_many_requests' && failure.retryAfter !== undefined) {
    return { title: 'Too many tries', words: `Try again in ${waitWords(failure.retryAfter)}.`, remedy: 'none' };
  }
  const remedy = failure.code === 'signed_out' ? 'sign-in' : failure.code === 'outdated' ? 'reload' : 'none';
  return { title: titles[failure.code] ?? 'Something did not work', words: errors[failure.code].words, remedy };
}

function waitWords(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1_000);
  if (seconds === 1) return '1 second';
  return seconds < 60 ? `${seconds} seconds` : seconds <= 90 ? 'a minute' : `${Math.ceil(seconds / 60)} minutes`;
}

const titles: Partial<Record<Failure['code'], string>> = {
  offline: 'No connection',
  timeout: 'No answer in time',
  unavailable: 'The server is away',
  internal: 'The server has a problem',
  bad_reply: 'A broken answer',
  signed_out: 'You are signed out',
  account_gone: 'The account is gone',
  passkey_refused: 'No passkey',
  push_refused: 'Not with this browser',
  push_failed: 'No answer from the browser’s push service',
  outdated: 'A new version is needed',
  wrong_account: 'Another account',
  storage_full: 'The storage of this device is full',
  clock_ahead: 'The clock was wrong',
};

/** Why a change was refused, by the server's code for the change (protocol/messages.ts `ChangeErrorCode`) or for a request with it alone. */
export function presentRejection({ code, column_name }: { code: string; column_name: string | null }): string {
  const what = column_name === null ? null : columnWords(column_name);
  switch (code) {
    case 'invalid_value':
      return what === null
        ? 'A value is too long or of the wrong kind.'
        : `The ${what} is too long or of the wrong kind.`;
    case 'missing_column':
      return what === null ? 'Something in it is missing.' : `The ${what} is missing.`;
    case 'append_only':
      return 'It can only be added to, not changed.';
    case 'too_large':
      return errors.too_large.words;
    case 'unknown_table':
    case 'unknown_column':
      return 'The server does not know this kind of data yet.';
    default:
      return 'The server could not accept it.';
  }
}

const tableNames: Readonly<Record<string, string>> = {
  profile: 'Profile',
  setting: 'Settings',
  conversation: 'Conversations',
  message: 'Messages',
  learning_progress: 'Progress',
  study_event: 'Study log',
  vocabulary_item: 'Words',
  review: 'Reviews',
  document: 'Texts',
  conflict: 'Conflicts',
};

/** What a person calls the rows of a table. */
export function tableWords(table: string): string {
  return tableNames[table] ?? table;
}

const columnNames: Readonly<Record<string, string>> = {
  word: 'word',
  translation: 'translation',
  note: 'note',
  title: 'title',
  display_name: 'name',
  native_language: 'language you speak',
  target_language: 'language you learn',
  value: 'value',
  position: 'place in the text',
  due_at: 'next review',
  archived: 'archived',
};

export function columnWords(column: string): string {
  if (column === '') return 'the whole entry';
  return columnNames[column] ?? column.replaceAll('_', ' ');
}

/** A stored value (JSON) as a person would write it; of a whole row, what a person typed. */
export function storedWords(json: string): string {
  try {
    const value: unknown = JSON.parse(json);
    if (value === null) return 'nothing';
    if (typeof value === 'string') return value === '' ? 'empty' : value;
    if (typeof value !== 'object') return json;
    const typed = Object.values(value).filter((part) => typeof part === 'string' && part !== '');
    return typed.length === 0 ? 'nothing' : typed.join(' · ');
  } catch {
    return json;
  }
}
