import { describe, expect, it } from 'vitest';
import { FakeLocalDatabase } from '../../support/fake-local-database.ts';
import { addWord, findWord, tidy } from '../../../src/ui/state/add-word.ts';
import { WordList } from '../../../src/ui/state/word-list.svelte.ts';

describe('the list of words', () => {
  it('knows how many there are and has the first ones', async () => {
    const { list } = await listOf(500);
    expect(list.total).toBe(500);
    expect(list.row(0)?.word).toBe('palabra 0');
    expect(list.settled).toBe(true);
  });

  it('shows the first ones before all are counted', async () => {
    const { database, settle } = await listOf(500);
    const live = database.live.bind(database);
    database.live = (name, ...rest) => (name === 'words.count' ? () => undefined : live(name, ...rest));
    const list = new WordList(database);
    list.open();
    expect(list.known).toBeNull();
    await settle();
    expect(list.total).toBeNull();
    expect(list.known).toBe(120);
    expect(list.row(0)?.word).toBe('palabra 0');
  });

  it('has them counted when the first ones are there, not before', async () => {
    const database = new FakeLocalDatabase();
    const list = new WordList(database);
    list.open();
    expect(database.liveCount).toBe(1);
    await Promise.resolve();
    await Promise.resolve();
    expect(database.liveCount).toBe(2);
    list.close();
    expect(database.liveCount).toBe(0);
  });

  it('has the rows in view and their neighbours, not the others', async () => {
    const { list, settle } = await listOf(1_000);
    list.show(600, 620);
    await settle();
    expect(list.row(600)?.word).toBe('palabra 600');
    expect(list.row(540)?.word).toBe('palabra 540');
    expect(list.row(0)).toBeUndefined();
  });

  it('keeps what it shows until the rows of another place are there', async () => {
    const { list } = await listOf(1_000);
    list.show(600, 620);
    expect(list.row(0)?.word).toBe('palabra 0');
  });

  it('covers a tall view from its first to its last row', async () => {
    const { list, settle } = await listOf(1_000);
    list.show(100, 400);
    await settle();
    expect(list.row(100)?.word).toBe('palabra 100');
    expect(list.row(400)?.word).toBe('palabra 400');
  });

  it('asks the database nothing while the view stays within a block', async () => {
    const { list, database, settle } = await listOf(1_000);
    let pushes = 0;
    const live = database.live.bind(database);
    database.live = (...args) => {
      pushes += 1;
      return live(...args);
    };
    list.show(601, 620);
    list.show(602, 621);
    list.show(610, 630);
    await settle();
    expect(pushes).toBe(1);
  });

  it('finds as one types, from the top', async () => {
    const { list, settle } = await listOf(1_000);
    list.show(600, 620);
    await settle();
    list.find('999');
    await settle();
    expect(list.total).toBe(1);
    expect(list.row(0)?.word).toBe('palabra 999');
  });

  it('shows a change at once', async () => {
    const { list, database, settle } = await listOf(3);
    await database.mutate('words.add', { language: 'es', words: [{ word: 'nuevo', translation: 'new' }], at: 9e9 });
    await settle();
    expect(list.total).toBe(4);
    expect(list.row(0)?.word).toBe('nuevo');
  });

  it('leaves no live query behind', async () => {
    const { list, database } = await listOf(3);
    expect(database.liveCount).toBe(2);
    list.close();
    expect(database.liveCount).toBe(0);
  });
});

describe('adding a word', () => {
  it('tells a word that exists, whatever its case and spaces', async () => {
    const database = new FakeLocalDatabase();
    const ports = { database, now: () => 1 };
    const entry = { language: 'es', word: 'el  pan ', translation: 'bread', note: '' };
    expect(await addWord(ports, entry)).toEqual({ word: 'el pan', existed: false, failure: null });
    expect(await addWord(ports, { ...entry, word: 'El pan' })).toMatchObject({ existed: true, failure: null });
    expect(database.words.size).toBe(1);
  });

  it('tells languages apart', async () => {
    const database = new FakeLocalDatabase();
    await database.mutate('words.add', { language: 'fr', words: [{ word: 'pan', translation: 'bang' }], at: 1 });
    expect(await findWord(database, 'es', 'pan')).toBeNull();
    expect((await findWord(database, 'fr', 'pan'))?.translation).toBe('bang');
  });

  it('gives words for a failure', async () => {
    const database = new FakeLocalDatabase();
    database.failure = { code: 'storage_full', detail: 'disk' };
    const added = await addWord({ database, now: () => 1 }, { language: 'es', word: 'sol', translation: '', note: '' });
    expect(added.failure).toMatch(/free some space/i);
  });

  it('composes accents, so that what looks the same is the same', () => {
    expect(tidy(' man\u0303ana ')).toBe('ma\u00f1ana');
  });
});

async function listOf(count: number) {
  const database = new FakeLocalDatabase();
  const words = Array.from({ length: count }, (_, index) => ({ word: `palabra ${index}`, translation: '' }));
  for (const [index, word] of words.entries()) {
    await database.mutate('words.add', { language: 'es', words: [word], at: 1_000_000 - index });
  }
  const list = new WordList(database);
  const settle = async () => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  list.open();
  await settle();
  return { list, database, settle };
}
