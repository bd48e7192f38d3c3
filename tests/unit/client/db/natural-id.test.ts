import { expect, it } from 'vitest';
import { naturalId, normalizeWord } from '../../../../src/client/db/natural-id.ts';

it('an id once given never changes: every device and every version has to make the same', () => {
  expect(naturalId('vocabulary_item', ['de', 'Über uns'])).toBe('33da7d4d-421b-5765-9238-ac5f4cdfb599');
  expect(naturalId('profile', [])).toBe('765b33e7-6d07-5081-b11c-aa95fd0faba6');
});

it('keys that run together to the same text have different ids', () => {
  expect(naturalId('vocabulary_item', ['a', 'bc'])).not.toBe(naturalId('vocabulary_item', ['ab', 'c']));
  expect(naturalId('setting', ['x'])).not.toBe(naturalId('document', ['x']));
});

it.each([
  ['  Haus ', 'Haus'],
  ['zu\t \n Hause', 'zu Hause'],
  ['scho\u0308n', 'sch\u00f6n'],
  ['Essen', 'Essen'],
])('the word %j is kept as %j', (typed, kept) => {
  expect(normalizeWord(typed)).toBe(kept);
});
