import { describe, expect, it } from 'vitest';
import { nameKeyOf, readName, readPassword } from '../../../src/server/http/account-name.ts';

describe('a name', () => {
  it('is trimmed and composed', () => {
    expect(readName('  Jose\u0301 ')).toBe('Jos\u00e9');
  });

  it('may need joiners, as Persian and family emoji do', () => {
    expect(readName('می\u200cخواهم')).toBe('می\u200cخواهم');
    expect(readName('👩\u200d👧')).toBe('👩\u200d👧');
  });

  it.each([
    ['Ana', 'ANA'],
    ['Jose\u0301', 'JOSÉ'],
    ['Ａｎａ', 'ana'],
    ['ana maria', 'ana \u00a0 maria'],
    ['ana', 'a\u200bna'],
    ['ΣΊΣΥΦΟΣ', 'σίσυφοσ'],
  ])('is the same as another: %s and %s', (one, other) => {
    expect(nameKeyOf(one)).toBe(nameKeyOf(other));
  });

  it.each([
    ['ana', 'anna'],
    ['jose', 'josé'],
    ['a b', 'ab'],
  ])('is not the same as another: %s and %s', (one, other) => {
    expect(nameKeyOf(one)).not.toBe(nameKeyOf(other));
  });
});

describe('a password', () => {
  it('is counted after composing, and its spaces are kept', () => {
    expect(readPassword('  1234  ')).toBe('  1234  ');
    expect(readPassword('e\u0301'.repeat(4))).toBeNull();
    expect(readPassword('x'.repeat(256))).not.toBeNull();
  });
});
