import { expect, it } from 'vitest';
import { savingWords } from '../../../src/ui/state/saving-words.ts';

it('what is spared is said with its reason and how long things take', () => {
  expect(savingWords('data')).toBe(
    'Your browser saves data: changes go out after up to 5 minutes, news comes in after up to 1 hour. “Sync now” works at once.',
  );
  expect(savingWords('battery')).toMatch(/^The battery is low: /);
  expect(savingWords(null)).toBeNull();
});
