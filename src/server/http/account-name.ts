/** Names and passwords as people type them: what is taken, and when two are the same. */
import { limits } from '../../protocol/limits.ts';

/** Control characters, halves of surrogate pairs, and marks that turn the direction of the text around. */
const unfit = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** The name as it is shown, or null when it cannot be one. */
export function readName(typed: string): string | null {
  const name = typed.normalize('NFC').trim();
  const fits = [...name].length <= limits.nameLength && visible.test(name) && !unfit.test(name);
  return fits ? name : null;
}

/** The name as it is compared: case, width, invisible marks and repeated spaces make no difference. */
export function nameKeyOf(name: string): string {
  // Up and down again: by itself `toLowerCase` keeps two forms of ß and of the Greek sigma.
  const folded = name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
  return folded
    .replace(/\p{Cf}/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();
}

/** One form for the same password typed on different systems, or null when it is too short or too long. */
export function readPassword(typed: string): string | null {
  const password = typed.normalize('NFC');
  return password.length >= limits.passwordMin && password.length <= limits.passwordMax ? password : null;
}
