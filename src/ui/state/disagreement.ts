/**
 * What happens when two devices changed the same thing, as the person chooses it: for everything, for a kind of data, for
 * a part of it. Stored as the rows of `setting` that the server reads (schema/policies.ts).
 */
import type { ConflictStrategy } from '../../schema/column.ts';
import type { tables, TableName } from '../../schema/tables.ts';

interface Way {
  readonly strategy: ConflictStrategy;
  readonly label: string;
  readonly words: string;
}

export const ways: readonly Way[] = [
  {
    strategy: 'latest_timestamp',
    label: 'The later change stands',
    words: 'What you changed last counts, on whichever device it was.',
  },
  {
    strategy: 'manual_review',
    label: 'Ask me',
    words: 'What is there first stays until you choose, under Sync.',
  },
  {
    strategy: 'server_wins',
    label: 'The first to arrive stands',
    words: 'What has reached the server already stays, even if the other change is newer.',
  },
  {
    strategy: 'local_wins',
    label: 'The last to arrive stands',
    words: 'The device that syncs last is right, even if its change is older.',
  },
];

interface Kind {
  readonly table: TableName;
  readonly label: string;
  readonly parts: readonly { readonly column: string; readonly label: string }[];
}

type ColumnOf<T extends TableName> = keyof (typeof tables)[T]['columns'] & string;

function kind<T extends TableName>(table: T, label: string, parts: Partial<Record<ColumnOf<T>, string>>): Kind {
  const named = Object.entries(parts) as [string, string][];
  return { table, label, parts: named.map(([column, words]) => ({ column, label: words })) };
}

/** What a person edits, kind by kind. */
export const kinds: readonly Kind[] = [
  kind('vocabulary_item', 'Words', { word: 'Word', translation: 'Translation', note: 'Note' }),
  kind('conversation', 'Conversations', {}),
  kind('document', 'Texts', {}),
  kind('learning_progress', 'Goals', {}),
  kind('profile', 'Profile', {
    display_name: 'Name',
    native_language: 'Language you speak',
    target_language: 'Language you learn',
  }),
  kind('setting', 'Settings', {}),
];

export function choiceKey(table?: TableName, column?: string): string {
  return ['conflict', table, column].filter((part) => part !== undefined).join('.');
}

/** The stored choice, or '' where there is none that we know: then the wider one holds. */
export function choiceIn(
  settings: readonly { readonly key: string; readonly value: string }[],
  key: string,
): ConflictStrategy | '' {
  const stored = settings.find((row) => row.key === key)?.value;
  return ways.find(({ strategy }) => JSON.stringify(strategy) === stored)?.strategy ?? '';
}

/** The value to store for a choice; '' takes a choice back. */
export function choiceValue(choice: string): string {
  return JSON.stringify(choice === '' ? null : choice);
}
