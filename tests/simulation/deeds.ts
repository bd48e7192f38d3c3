/** What a person does in the app, through the app's own mutations. Gives the words for the trace, or null when it was not possible. */
import type { Device } from './device.ts';
import type { Dice } from './dice.ts';
import type { Tab } from './tab.ts';
import type { Typed } from './typed.ts';
import type { DeviceRow } from './view.ts';
import type { DeedName } from './weights.ts';

const settingKeys = ['theme', 'goal'];
const day = 86_400_000;

interface Deed {
  readonly device: Device;
  readonly tab: Tab;
  readonly typed: Typed;
  readonly dice: Dice;
  readonly at: number;
  readonly words: readonly string[];
}

export const deeds: Record<DeedName, (deed: Deed) => string | null> = {
  add: ({ device, tab, typed, dice, at, words: known }) => {
    const word = dice.pick(known);
    device.mutate(tab, 'words.add', { language: 'es', words: [{ word, translation: typed.next() }], at });
    return `adds the word ${word}`;
  },
  edit: ({ device, tab, typed, dice }) => {
    const row = pickRow(device, 'vocabulary_item', dice);
    if (!row) return null;
    const [, word, translation, note] = row.values as string[];
    const column = dice.pick(['word', 'translation', 'note', 'note']);
    const text = typed.next();
    const texts = { word: word!, translation: translation!, note: note!, [column]: text };
    device.mutate(tab, 'words.edit', { id: row.id, ...texts });
    return `edits ${column} of word ${row.id.slice(-4)} to "${text}"`;
  },
  delete: ({ device, tab, dice }) => {
    const row = pickRow(device, 'vocabulary_item', dice);
    if (!row) return null;
    device.mutate(tab, 'words.delete', { id: row.id });
    return `deletes word ${row.id.slice(-4)}`;
  },
  replace: ({ device, tab, typed, dice, at }) => {
    const { rows, outbox } = device.record.view;
    const fresh = [...rows].filter(([key, row]) => row.table === 'vocabulary_item' && outbox.get(key)?.op === 'insert');
    const row = fresh.length > 0 ? dice.pick(fresh)[1] : pickRow(device, 'vocabulary_item', dice);
    if (!row) return null;
    const word = String(row.values[1]);
    device.mutate(tab, 'words.delete', { id: row.id });
    device.mutate(tab, 'words.add', { language: 'es', words: [{ word, translation: typed.next() }], at });
    device.mutate(tab, 'words.edit', { id: row.id, word, translation: typed.next(), note: '' });
    return `deletes word ${row.id.slice(-4)}, adds it anew and edits it`;
  },
  start: ({ device, tab, typed, at }) => {
    const id = device.newId();
    device.mutate(tab, 'conversations.start', { id, title: typed.next(), language: 'es', scenario: '', at });
    return `starts conversation ${id}`;
  },
  send: ({ device, tab, typed, dice, at }) => {
    const row = pickRow(device, 'conversation', dice);
    if (!row) return null;
    const author = dice.pick(['learner', 'tutor'] as const);
    const text = typed.next();
    device.mutate(tab, 'messages.send', { id: device.newId(), conversationId: row.id, author, body: text, at });
    return `sends "${text}"`;
  },
  rename: ({ device, tab, typed, dice }) => {
    const row = pickRow(device, 'conversation', dice);
    if (!row) return null;
    device.mutate(tab, 'conversations.rename', { id: row.id, title: typed.next() });
    return `renames conversation ${row.id}`;
  },
  deleteConversation: ({ device, tab, dice }) => {
    const row = pickRow(device, 'conversation', dice);
    if (!row) return null;
    device.mutate(tab, 'conversations.delete', { id: row.id });
    return `deletes conversation ${row.id}`;
  },
  review: ({ device, tab, dice }) => {
    const row = pickRow(device, 'vocabulary_item', dice);
    if (!row) return null;
    const rating = dice.pick([1, 2, 3, 4] as const);
    // ts-fsrs throws for an answer before the last one, as by a clock that was set back: here no clock goes back.
    const after = device.scheduler.now + 10 * day;
    const review = { reviewId: device.newId(), wordId: row.id, rating, at: after, duration: 900 };
    device.mutate(tab, 'reviews.grade', review);
    return `reviews word ${row.id.slice(-4)}`;
  },
  setting: ({ device, tab, typed, dice }) => {
    const key = dice.pick(settingKeys);
    const value = typed.next();
    device.mutate(tab, 'settings.put', { key, value });
    return `sets ${key} to "${value}"`;
  },
  profile: ({ device, tab, typed, at }) => {
    const displayName = typed.next();
    device.mutate(tab, 'profile.save', { displayName, nativeLanguage: 'en', targetLanguage: 'es', at });
    return `is called "${displayName}"`;
  },
};

function pickRow(device: Device, table: string, dice: Dice): DeviceRow | null {
  const rows = [...device.record.view.rows.values()].filter((row) => row.table === table);
  return rows.length > 0 ? dice.pick(rows) : null;
}
