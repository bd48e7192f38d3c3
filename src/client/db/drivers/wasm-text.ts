/**
 * Text between JavaScript and the memory of a WASM SQLite. Short ASCII text, which is most of it (ids, languages, words),
 * is copied byte by byte: a call of TextEncoder or TextDecoder costs more than the copy.
 */
import type { WASM_API } from '@sqlite.org/sqlite-wasm';
import type { Value } from '../../../base/value.ts';

/** Holds the texts of the row being bound, one after the other. */
export interface RowBuffer {
  /** Address after the last text. */
  readonly end: number;
  /** Empties the buffer and makes sure that the texts of these values fit, so that it does not move while they are bound. */
  start(values: readonly Value[]): void;
  append(text: string): void;
  /** The text of `bytes` bytes at an address. */
  read(from: number, bytes: number): string;
  free(): void;
}

type Memory = Pick<WASM_API, 'heap8u' | 'realloc' | 'dealloc'>;

const shortText = 48;
const shortBytes = 24;
const smallestBuffer = 4_096;
/** UTF-8 needs at most three bytes a UTF-16 code unit. */
const bytesPerUnit = 3;

export function createRowBuffer(memory: Memory): RowBuffer {
  return new WasmRowBuffer(memory);
}

class WasmRowBuffer implements RowBuffer {
  readonly #memory: Memory;
  readonly #encoder = new TextEncoder();
  // Without `ignoreBOM` a text that begins with U+FEFF would lose it.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #address = 0;
  #size = 0;
  #heap: Uint8Array;
  end = 0;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#heap = memory.heap8u();
  }

  start(values: readonly Value[]): void {
    let bytes = 0;
    for (const value of values) if (typeof value === 'string') bytes += value.length * bytesPerUnit;
    if (bytes > this.#size || this.#address === 0) {
      this.#size = Math.max(smallestBuffer, bytes);
      this.#address = this.#memory.realloc(this.#address, this.#size);
    }
    // The memory may have grown since, and the former view is then empty.
    this.#heap = this.#memory.heap8u();
    this.end = this.#address;
  }

  append(text: string): void {
    const heap = this.#heap;
    const from = this.end;
    let copied = 0;
    if (text.length <= shortText) {
      for (; copied < text.length; copied++) {
        const unit = text.charCodeAt(copied);
        if (unit > 0x7f) break;
        heap[from + copied] = unit;
      }
    }
    this.end = from + copied;
    if (copied < text.length) {
      const rest = copied === 0 ? text : text.slice(copied);
      this.end += this.#encoder.encodeInto(
        rest,
        heap.subarray(this.end, this.end + rest.length * bytesPerUnit),
      ).written;
    }
  }

  read(from: number, bytes: number): string {
    const heap = this.#memory.heap8u();
    if (bytes > shortBytes) return this.#decoder.decode(heap.subarray(from, from + bytes));
    let text = '';
    for (let at = from; at < from + bytes; at++) {
      const byte = heap[at]!;
      if (byte > 0x7f) return this.#decoder.decode(heap.subarray(from, from + bytes));
      text += String.fromCharCode(byte);
    }
    return text;
  }

  free(): void {
    if (this.#address !== 0) this.#memory.dealloc(this.#address);
    this.#address = 0;
    this.#size = 0;
  }
}
