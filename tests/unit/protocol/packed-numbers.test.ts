/** Which form numbers take: the one of the fewest bytes. That they come back is a matter of packed-pages.test.ts. */
import { expect, it } from 'vitest';
import { packNumbers } from '../../../src/protocol/packed-numbers.ts';

it.each<[string, readonly number[], readonly unknown[], readonly number[]]>([
  ['of one value, no byte', [7, 7, 7], ['ints', 7, 1, 1, 0, false], []],
  [
    'close to each other, a byte each above the least',
    [1_000, 1_002, 1_001],
    ['ints', 1_000, 1, 1, 1, false],
    [0, 2, 1],
  ],
  ['with a common divisor, without it', [600, 100, 400], ['ints', 100, 100, 1, 1, false], [5, 0, 3]],
  ['decimals, as whole numbers', [1.5, 1.25, 2], ['ints', 125, 25, 100, 1, false], [1, 0, 3]],
  ['far from each other, the lowest bytes first', [0, 258, 1], ['ints', 0, 1, 1, 2, false], [0, 2, 1, 0, 1, 0]],
  ['rising, above the least where steps are no smaller', [0, 0, 300, 450], ['ints', 0, 150, 1, 1, false], [0, 0, 2, 3]],
  ['rising or staying, in steps', [5, 5, 260, 261, 516], ['ints', 5, 1, 1, 1, true], [0, 0, 255, 1, 255]],
])('numbers %s', (_, values, form, bytes) => {
  expect(packNumbers(values)).toEqual({ form, bytes: Uint8Array.from(bytes) });
});
