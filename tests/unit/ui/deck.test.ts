import { describe, expect, it } from 'vitest';
import { FakeLocalDatabase } from '../../support/fake-local-database.ts';
import { tables } from '../../../src/schema/tables.ts';
import { DeckImport, deckFor } from '../../../src/ui/state/decks.svelte.ts';
import { findWord } from '../../../src/ui/state/add-word.ts';

const offer = deckFor('en', 'es');
if (offer === null) throw new Error('there is a deck for English and Spanish');
const deck = await offer.load();
const words = deck.themes.flatMap((theme) => theme.words);
const { word: wordColumn, translation: translationColumn, note: noteColumn } = tables.vocabulary_item.columns;

describe('the starter deck', () => {
  it('is offered for its pair of languages alone', () => {
    expect(deckFor('en', 'fr')).toBeNull();
    expect(deckFor('es', 'en')).toBeNull();
    expect(deck).toMatchObject({ native: 'en', target: 'es', licence: 'CC0-1.0' });
    expect(deck.source).toContain('Compiled by hand');
  });

  it('has at least 240 words, as many as the offer says', () => {
    expect(words.length).toBeGreaterThanOrEqual(240);
    expect(words.length).toBe(offer.words);
  });

  it('has no word twice', () => {
    const folded = words.map(({ word }) => word.toLocaleLowerCase('es'));
    expect(folded.filter((word, index) => folded.indexOf(word) !== index)).toEqual([]);
  });

  it('fits the limits of the schema, tidy and translated', () => {
    for (const { word, translation, note = '' } of words) {
      expect(word).toBe(word.normalize('NFC').trim());
      expect(word.length).toBeGreaterThanOrEqual(wordColumn.minLength);
      expect(word.length).toBeLessThanOrEqual(wordColumn.maxLength);
      expect(translation, word).not.toBe('');
      expect(translation.length).toBeLessThanOrEqual(translationColumn.maxLength);
      expect(note.length).toBeLessThanOrEqual(noteColumn.maxLength);
    }
  });

  it('gives the nouns of its themes an article', () => {
    const nouns = ['Food and drink', 'At home'];
    for (const theme of deck.themes.filter(({ name }) => nouns.includes(name))) {
      for (const { word } of theme.words) expect(word).toMatch(/^(el|la|los|las) /);
    }
  });

  it('has themes with names and words', () => {
    expect(deck.themes.length).toBeGreaterThanOrEqual(10);
    for (const { name, words: own } of deck.themes) {
      expect(name).not.toBe('');
      expect(own.length).toBeGreaterThan(10);
    }
  });
});

describe('adding the deck', () => {
  it('adds every word, the first theme being reviewed first', async () => {
    const database = new FakeLocalDatabase();
    const deckImport = new DeckImport({ database, now: () => 1_000_000 });
    await deckImport.run(offer);
    expect(deckImport).toMatchObject({ state: 'done', added: words.length, total: words.length });
    expect(database.words.size).toBe(words.length);
    const first = await database.query('reviews.due', { now: 1_000_000, dayStart: 0, newCards: null, limit: 3 });
    expect(first.ok && first.value.map(({ word }) => word)).toEqual(['hola', 'buenos días', 'buenas tardes']);
  });

  it('leaves words that exist as they are', async () => {
    const database = new FakeLocalDatabase();
    await database.mutate('words.add', { language: 'es', words: [{ word: 'hola', translation: 'hi there' }], at: 1 });
    await new DeckImport({ database, now: () => 2 }).run(offer);
    expect((await findWord(database, 'es', 'hola'))?.translation).toBe('hi there');
    expect(database.words.size).toBe(words.length);
  });

  it('says how far it came when the storage is full, and goes on at the next try', async () => {
    const database = new FakeLocalDatabase();
    const deckImport = new DeckImport({ database, now: () => 1 });
    database.failure = { code: 'storage_full', detail: 'disk' };
    await deckImport.run(offer);
    expect(deckImport).toMatchObject({ state: 'failed', added: 0, failure: { code: 'storage_full' } });
    database.failure = null;
    await deckImport.run(offer);
    expect(deckImport).toMatchObject({ state: 'done', failure: null });
  });
});
