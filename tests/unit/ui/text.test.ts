import { describe, expect, it } from 'vitest';
import {
  contentHash,
  dictionaryForm,
  distinctWords,
  paragraphsOf,
  titleFrom,
  wordAt,
} from '../../../src/ui/state/text.ts';
import { agoWords, counted, intervalWords } from '../../../src/ui/state/time-words.ts';
import { errors } from '../../../src/protocol/errors.ts';
import { messageLength, tooLong } from '../../../src/ui/state/field-limits.ts';
import { presentFailure, presentRejection, storedWords, tableWords } from '../../../src/ui/error-presentation.ts';
import { tables } from '../../../src/schema/tables.ts';

describe('a text', () => {
  it('is cut into paragraphs at blank lines', () => {
    expect(paragraphsOf('uno\ndos\r\n\r\n  tres  \n\n\n\ncuatro\n')).toEqual(['uno\ndos', 'tres', 'cuatro']);
  });

  it('is cut at every line where no line is blank', () => {
    expect(paragraphsOf('uno\ndos')).toEqual(['uno', 'dos']);
    expect(paragraphsOf('  \n ')).toEqual([]);
  });

  it.each([
    [0, 'Había'],
    [7, 'una'],
    [9, 'una'],
    [16, 'pájaro'],
  ])('has a word at %i', (offset, word) => {
    expect(wordAt('Había una vez pájaro.', offset, 'es')?.word).toBe(word);
  });

  it('has no word far from any', () => {
    expect(wordAt('¡ … !', 2, 'es')).toBeNull();
  });

  it('has words where no spaces are', () => {
    expect(wordAt('私は鳥です', 2, 'ja')?.word).toBe('鳥');
  });

  it('offers each word once', () => {
    expect(distinctWords('El loro y el gato, el LORO', 'es')).toEqual(['El', 'loro', 'y', 'gato']);
  });

  it('gives back a word as a dictionary has it', () => {
    const text = 'Ana come. Come pan en Madrid. ¿Quién?';
    const at = (offset: number) => wordAt(text, offset, 'es');
    const form = (offset: number) => {
      const span = at(offset);
      return span && dictionaryForm(span, text, 'es');
    };
    expect(form(10)).toBe('come');
    expect(form(22)).toBe('Madrid');
    expect(form(31)).toBe('quién');
    const german = wordAt('Haus', 0, 'de');
    expect(german && dictionaryForm(german, 'Haus', 'de')).toBe('Haus');
  });

  it('has a hash of 64 hexadecimal digits', async () => {
    expect(await contentHash('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('lends its first line as a title, cut at a word', () => {
    expect(titleFrom('\n  Corto\nresto')).toBe('Corto');
    const long = titleFrom('palabra '.repeat(20));
    expect(long.length).toBeLessThanOrEqual(61);
    expect(long).toMatch(/palabra…$/);
  });
});

describe('times in words', () => {
  const minute = 60_000;
  it.each([
    [0, '< 1 min'],
    [minute, '1 min'],
    [10 * minute, '10 min'],
    [59.9 * minute, '1 hr'],
    [23.9 * 60 * minute, '1 day'],
    [4 * 24 * 60 * minute, '4 days'],
    [90 * 24 * 60 * minute, '3 mths'],
    [730 * 24 * 60 * minute, '2 yrs'],
  ])('%i milliseconds are %s', (milliseconds, words) => {
    expect(intervalWords(milliseconds)).toBe(words);
  });

  it('tell how long ago something was', () => {
    expect(agoWords(0, 30_000)).toBe('just now');
    expect(agoWords(0, 5 * minute)).toBe('5 min. ago');
    expect(agoWords(Date.UTC(2026, 0, 2, 12), Date.UTC(2026, 10, 2))).toContain('2026');
  });

  it('count one and many', () => {
    expect(counted(1, 'word', 'words')).toBe('1 word');
    expect(counted(12_000, 'word', 'words')).toBe('12,000 words');
  });
});

describe('failures in words', () => {
  it('exist for every code, with the words of the protocol', () => {
    for (const code of Object.keys(errors) as (keyof typeof errors)[]) {
      expect(presentFailure({ code })).toMatchObject({ words: errors[code].words });
      expect(presentFailure({ code }).title).not.toBe('');
    }
    expect(presentFailure({ code: 'signed_out' }).remedy).toBe('sign-in');
    expect(presentFailure({ code: 'outdated' }).remedy).toBe('reload');
  });

  it('name every table as a person would', () => {
    for (const table of Object.keys(tables)) expect(tableWords(table)).not.toContain('_');
  });

  it.each([
    ['x'.repeat(8_000), undefined],
    ['x'.repeat(8_001), 'This is 1 character too long. Shorten it, or split it in two.'],
    ['x'.repeat(9_250), 'This is 1,250 characters too long. Shorten it, or split it in two.'],
  ])('say by how much a text is too long to be kept', (text, words) => {
    expect(tooLong(text, messageLength)).toBe(words);
  });

  it('have words for a refusal of a code that is not known', () => {
    const words = (code: string, column_name: string | null = null) => presentRejection({ code, column_name });
    expect(words('invalid_value')).not.toBe(words('code_of_2030'));
    expect(words('invalid_value', 'translation')).toBe('The translation is too long or of the wrong kind.');
    expect(words('missing_column', 'word')).toBe('The word is missing.');
    expect(words('too_large')).toBe('This is too large to be sent.');
    expect(words('missing_column')).toBe('Something in it is missing.');
  });

  it.each([
    ['"pan"', 'pan'],
    ['""', 'empty'],
    ['null', 'nothing'],
    ['3', '3'],
    ['{"word":"pan","reps":2,"note":""}', 'pan'],
    ['{broken', '{broken'],
  ])('show the stored value %s as %s', (json, words) => {
    expect(storedWords(json)).toBe(words);
  });
});
