/** Text and its bytes. Every engine has these two; the folders without a platform do not know their types. */
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label: 'utf-8', options: { fatal: true; ignoreBOM: true });
  decode(bytes: Uint8Array): string;
}

export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Null for bytes that are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/**
 * Whether the bytes are UTF-8 (RFC 3629, section 4): none is cut short, longer than it need be, half of a pair, or beyond
 * the last letter. To decode them instead makes a text that nobody reads.
 */
export function isUtf8(bytes: Uint8Array): boolean {
  const { length } = bytes;
  for (let at = 0; at < length; at += 1) {
    const lead = bytes[at]!;
    if (lead < 0x80) continue;
    const following = followingBytes(lead);
    if (following === 0 || at + following >= length) return false;
    const second = bytes[at + 1]!;
    const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most) return false;
    for (let next = at + 2; next <= at + following; next += 1) if ((bytes[next]! & 0xc0) !== 0x80) return false;
    at += following;
  }
  return true;
}

/** How many bytes follow the first one of a letter that is not ASCII; 0 where none begins so. */
function followingBytes(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
}

/** Bytes of a text. Half of a letter has none. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const letter of text) {
    const point = letter.codePointAt(0)!;
    if (point < 0xd800 || point > 0xdfff) bytes += point <= 0x7f ? 1 : point <= 0x7ff ? 2 : point <= 0xffff ? 3 : 4;
  }
  return bytes;
}
