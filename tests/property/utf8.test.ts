/** Bytes are checked to be UTF-8 without being decoded, by the very rules that the platform's decoder has. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeUtf8, encodeUtf8, isUtf8 } from '../../src/base/utf8.ts';
import { holds } from '../support/property.ts';

/** Where letters of one to four bytes begin and end, and what is beside that. */
const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf];
const leads = [0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff];

describe('bytes', () => {
  it('are UTF-8 exactly where they can be decoded, whatever four come one after the other', () => {
    const some = [...edges, ...leads];
    const differing: string[] = [];
    for (const first of leads)
      for (const second of some)
        for (const third of some)
          for (const bytes of [[first], [first, second], [first, second, third], [first, second, third, 0x80]]) {
            const text = Uint8Array.from(bytes);
            if (isUtf8(text) !== (decodeUtf8(text) !== null))
              differing.push(bytes.map((byte) => byte.toString(16)).join(' '));
          }
    expect(differing).toEqual([]);
  });

  it('of any text are, and damaged ones are where they can be decoded', () => {
    const damage = fc.record({ at: fc.nat(), byte: fc.constantFrom(...edges, ...leads) });
    holds(
      fc.property(fc.string({ unit: 'binary' }), damage, (text, { at, byte }) => {
        const bytes = encodeUtf8(text);
        expect(isUtf8(bytes)).toBe(true);
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        expect(isUtf8(bytes)).toBe(decodeUtf8(bytes) !== null);
      }),
      { numRuns: 500 },
    );
  });
});
