/** A conflict as a person reads it: what it is about, the values to choose from, and what each choice asks for. */
import type { ConflictRow, Mutations } from '../../client/db/api.ts';
import type { TableName } from '../../schema/tables.ts';
import { columnWords, storedWords, tableWords } from '../error-presentation.ts';
import { nameLength, noteLength, titleLength, translationLength, wordLength } from './field-limits.ts';
import { languageName } from './languages.ts';

export type Resolution = Pick<Mutations['conflicts.resolve'], 'choice' | 'value'>;

export interface ConflictChoice {
  /** Where the value comes from. */
  readonly about: string;
  /** The value in words, or null where the choice is about the whole entry. */
  readonly words: string | null;
  readonly label: string;
  /** Null where it is only shown. */
  readonly resolution: Resolution | null;
}

export interface ConflictView {
  /** `Word “casa”`. */
  readonly title: string;
  /** `translation`, or null where the whole entry is meant. */
  readonly part: string | null;
  /** What happened, where the values alone do not say it. */
  readonly story: string | null;
  /** The value before both changes. */
  readonly before: string | null;
  readonly choices: readonly ConflictChoice[];
  /** For a value of one's own: what to begin with and its length at most. Null where only a choice makes sense. */
  readonly own: { readonly text: string; readonly maxLength: number } | null;
}

export function viewConflict(row: ConflictRow, device: string): ConflictView {
  const whole = row.column_name === '';
  const settled = row.state === 'resolved';
  return {
    title: titleOf(row),
    part: whole || row.table_name === 'setting' ? null : columnWords(row.column_name),
    story: settled ? null : storyOf(row),
    before: row.base_value === 'null' || whole ? null : valueWords(row, row.base_value),
    choices: choicesOf(row, device),
    own: settled || !row.present ? null : ownValue(row),
  };
}

const singular: Partial<Record<string, string>> = {
  vocabulary_item: 'Word',
  conversation: 'Conversation',
  document: 'Text',
  message: 'Message',
  learning_progress: 'Goal',
} satisfies Partial<Record<TableName, string>>;

const settingNames: Readonly<Record<string, string>> = {
  daily_goal: 'Cards a day',
  new_cards_per_day: 'New cards a day',
  appearance: 'Appearance',
  sync_interval_minutes: 'Look for changes, minutes',
  starter_deck_declined: 'Starter deck declined',
  conflict: 'When two devices disagree',
};

function titleOf(row: ConflictRow): string {
  const { table_name } = row;
  const subject = row.subject ?? deletedSubject(row);
  if (table_name === 'setting') return subject === null ? 'Setting' : (settingNames[subject] ?? subject);
  const kind = singular[table_name] ?? tableWords(table_name);
  return subject === null || subject === '' || table_name === 'profile' ? kind : `${kind} “${subject}”`;
}

/** A row that was deleted after all is kept whole. */
function deletedSubject({ kept_value }: ConflictRow): string | null {
  const row = parsed(kept_value);
  if (typeof row !== 'object' || row === null) return null;
  const { word, title } = row as { readonly word?: unknown; readonly title?: unknown };
  return typeof word === 'string' ? word : typeof title === 'string' ? title : null;
}

function storyOf(row: ConflictRow): string | null {
  if (row.column_name === '')
    return row.present
      ? 'Deleted on one device, changed on another: it is still here.'
      : 'Deleted on one device, changed on another: it is deleted.';
  return row.present ? null : 'It is deleted. This is what another change had made of it.';
}

function choicesOf(row: ConflictRow, device: string): readonly ConflictChoice[] {
  if (row.state === 'resolved') return settledValues(row, device);
  if (row.column_name === '') return wholeChoices(row);
  return row.present ? valueChoices(row, device) : goneChoices(row, device);
}

function wholeChoices({ state, present }: ConflictRow): ConflictChoice[] {
  const keep = {
    about: '',
    words: null,
    label: present ? 'Keep it' : 'Bring it back',
    resolution: { choice: 'kept' },
  } as const;
  const remove = {
    about: '',
    words: null,
    label: present ? 'Delete it after all' : 'Leave it deleted',
    resolution: { choice: 'lost' },
  } as const;
  if (state === 'open') return [keep, remove];
  return [present ? remove : keep];
}

function valueChoices(row: ConflictRow, device: string): ConflictChoice[] {
  const { kept_value: kept, lost_value: lost, state } = row;
  const now = row.current_value ?? kept;
  const choices: ConflictChoice[] = [];
  if (state === 'open') {
    const resolution: Resolution = now === kept ? { choice: 'kept' } : { choice: 'edited', value: valueOf(now) };
    choices.push({ about: 'Stands now', words: valueWords(row, now), label: 'Keep this', resolution });
  }
  if (kept !== now && kept !== 'null') {
    const about = 'Stood at first';
    choices.push({ about, words: valueWords(row, kept), label: 'Use this', resolution: { choice: 'kept' } });
  }
  if (lost !== now && lost !== kept) {
    choices.push({
      about: loserOf(row, device),
      words: valueWords(row, lost),
      label: 'Use this',
      resolution: { choice: 'lost' },
    });
  }
  return choices;
}

function goneChoices(row: ConflictRow, device: string): ConflictChoice[] {
  const back: ConflictChoice = {
    about: loserOf(row, device),
    words: valueWords(row, row.lost_value),
    label: 'Bring back',
    resolution: { choice: 'lost' },
  };
  const leave: ConflictChoice = {
    about: '',
    words: null,
    label: 'Leave it deleted',
    resolution: { choice: 'edited', value: null },
  };
  return row.state === 'open' ? [back, leave] : [back];
}

/** What became of it and what did not, without a button. */
function settledValues(row: ConflictRow, device: string): ConflictChoice[] {
  const shown = { label: '', resolution: null };
  if (row.column_name === '')
    return [{ ...shown, about: 'You chose', words: row.present ? 'to keep it' : 'to delete it' }];
  const now = row.current_value;
  const others = [
    { about: 'Stood at first', json: row.kept_value },
    { about: loserOf(row, device), json: row.lost_value },
  ].filter(({ json }) => json !== now && json !== 'null');
  return [
    { ...shown, about: 'Stands now', words: now === null ? 'nothing, it is deleted' : valueWords(row, now) },
    ...others.map(({ about, json }) => ({ ...shown, about, words: valueWords(row, json) })),
  ];
}

function loserOf({ lost_device }: ConflictRow, device: string): string {
  return lost_device === device ? 'From this device' : 'From another device';
}

const ownLengths: Readonly<Record<string, number>> = {
  'vocabulary_item.word': wordLength,
  'vocabulary_item.translation': translationLength,
  'vocabulary_item.note': noteLength,
  'conversation.title': titleLength,
  'document.title': titleLength,
  'profile.display_name': nameLength,
};

function ownValue(row: ConflictRow): ConflictView['own'] {
  const maxLength = ownLengths[`${row.table_name}.${row.column_name}`];
  const text = valueOf(row.current_value ?? row.kept_value);
  return maxLength === undefined || typeof text !== 'string' ? null : { text, maxLength };
}

/** The stored value itself; null for what is no plain value. */
export function valueOf(json: string): string | number | null {
  const value = parsed(json);
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

function valueWords({ table_name, column_name }: ConflictRow, json: string): string {
  const value = valueOf(json);
  // A setting's value is JSON itself.
  if (table_name === 'setting' && typeof value === 'string') return storedWords(value);
  if (column_name.endsWith('language') && typeof value === 'string' && value !== '') return languageName(value);
  return storedWords(json);
}
