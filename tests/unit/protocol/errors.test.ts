import { expect, it } from 'vitest';
import { isErrorCode } from '../../../src/protocol/errors.ts';

it('a code is one of ours, as text', () => {
  expect(isErrorCode('unavailable')).toBe(true);
  for (const other of ['toString', '', 7, null, undefined, ['unavailable']]) expect(isErrorCode(other)).toBe(false);
});
