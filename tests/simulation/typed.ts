/**
 * Every text that a person typed, each one unique, so that it can be found again (I4), and whose it is (I7). A text stands
 * until someone who had it on their device replaced or deleted it.
 */
import type { Value } from '../../src/base/value.ts';

interface Text {
  readonly device: string;
  user: string | null;
  stands: boolean;
  /** A form that was open while the account changed brought it to the other one: the person's doing. */
  carried: boolean;
}

export class Typed {
  readonly #texts = new Map<string, Text>();
  #count = 0;

  /** A new text. */
  next(): string {
    this.#count += 1;
    return `text ${this.#count}.`;
  }

  has(text: string): boolean {
    return this.#texts.has(text);
  }

  /** Committed on a device. */
  stored(value: Value, device: string, user: string | null): void {
    if (!isText(value)) return;
    const text = this.#texts.get(value);
    if (!text) this.#texts.set(value, { device, user, stands: true, carried: false });
    else if (text.user !== user) text.carried = true;
  }

  replaced(value: Value): void {
    const text = isText(value) ? this.#texts.get(value) : undefined;
    if (text) text.stands = false;
  }

  /** Given up by the person's choice: it may be anywhere or nowhere. */
  forget(value: Value): void {
    this.replaced(value);
  }

  /** Copied with a device's file before anyone signed in there: it may come to more than one account. */
  copied(value: Value): void {
    const text = isText(value) ? this.#texts.get(value) : undefined;
    if (text?.user === null) text.carried = true;
  }

  /** What was typed before anyone signed in belongs to whoever then does. */
  attach(device: string, user: string): void {
    for (const text of this.#texts.values()) if (text.device === device) text.user ??= user;
  }

  /** Texts that must be somewhere in the account's rows. */
  standing(user: string): string[] {
    return [...this.#texts].filter(([, text]) => text.stands && text.user === user).map(([value]) => value);
  }

  /** The one account that may have it, or null. */
  ownerOf(text: string): string | null {
    const known = this.#texts.get(text);
    return known && !known.carried ? known.user : null;
  }
}

function isText(value: Value): value is string {
  return typeof value === 'string' && /^text \d+\.$/.test(value);
}
