/**
 * Writes of SQLite's write-ahead log, joined: SQLite writes every frame in two calls (a header, a page), and each call to a
 * file of OPFS costs more than the bytes. Here the frames of a transaction are held in memory and go out in one call with
 * the frame that commits it, before that frame's write returns.
 *
 * I1: what is held is always the beginning of a transaction that is not committed, which a kill takes away in any case.
 * Only a write that goes on where the last one ended is ever held; all else goes out at once, in its order, and so does a
 * frame that SQLite writes anew in place.
 */

/** SQLite result code; 0 is success. */
type Code = number;

/** What the log is written through: memory that SQLite's addresses point into, and the file itself. */
export interface LogFile {
  /** The whole memory; another array once it has grown. */
  readonly memory: () => Uint8Array;
  readonly write: (address: number, bytes: number, offset: number) => Code;
}

/** A part of that memory for what is held; more than a page with its header. */
export interface HoldingPlace {
  readonly address: number;
  readonly bytes: number;
}

const done: Code = 0;
/** SQLite's file format, section 4.1: the second field is the database's size after a commit, else 0. */
const frameHeaderBytes = 24;
const commitField = [4, 5, 6, 7] as const;
const nowhere = -1;

export class LogWrites {
  readonly #file: LogFile;
  readonly #place: HoldingPlace;
  #heldFrom = 0;
  #heldBytes = 0;
  /** Where the last write ended. */
  #tail = nowhere;
  /** The last write was a frame's header, and its page comes next. */
  #opened: 'frame' | 'commit' | null = null;

  constructor(file: LogFile, place: HoldingPlace) {
    this.#file = file;
    this.#place = place;
  }

  write(address: number, bytes: number, offset: number): Code {
    const goesOn = offset === this.#tail;
    const opened = this.#opened;
    const isHeader = bytes === frameHeaderBytes;
    this.#opened = isHeader ? this.#kindOf(address) : null;
    this.#tail = offset + bytes;
    if (!goesOn || (!isHeader && opened === null)) {
      return this.settle() || this.#file.write(address, bytes, offset);
    }
    const held = this.#hold(address, bytes, offset);
    return held === done && opened === 'commit' ? this.settle() : held;
  }

  /** Before a part of the file is read. */
  settleWithin(offset: number, bytes: number): Code {
    const apart = offset >= this.#heldFrom + this.#heldBytes || offset + bytes <= this.#heldFrom;
    return apart ? done : this.settle();
  }

  /** Writes what is held. What cannot be written is dropped: SQLite hears of it and rolls the transaction back. */
  settle(): Code {
    if (this.#heldBytes === 0) return done;
    const bytes = this.#heldBytes;
    this.#heldBytes = 0;
    return this.#file.write(this.#place.address, bytes, this.#heldFrom);
  }

  #hold(address: number, bytes: number, offset: number): Code {
    if (this.#heldBytes + bytes > this.#place.bytes) {
      const settled = this.settle();
      if (settled !== done) return settled;
    }
    if (this.#heldBytes === 0) this.#heldFrom = offset;
    this.#file.memory().copyWithin(this.#place.address + this.#heldBytes, address, address + bytes);
    this.#heldBytes += bytes;
    return done;
  }

  #kindOf(address: number): 'frame' | 'commit' {
    const memory = this.#file.memory();
    return commitField.some((at) => memory[address + at] !== 0) ? 'commit' : 'frame';
  }
}
