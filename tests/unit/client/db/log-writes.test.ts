/** What is held of a log and when it goes out, against a plain file. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { LogWrites } from '../../../../src/client/db/drivers/log-writes.ts';

const headerBytes = 24;
const pageBytes = 64;
const frameBytes = headerBytes + pageBytes;
const ioError = 10;
/** Where a test puts what it writes, and the place for what is held after it: three frames and a half. */
const source = 0;
const place = { address: 1_000, bytes: Math.floor(frameBytes * 3.5) };
const longest = 4_000;

/** A log on a plain file, and beside it the file as it would be if every write went out at once. */
class LogUnderTest {
  readonly memory = new Uint8Array(2_000);
  readonly file = new Uint8Array(longest);
  readonly plain = new Uint8Array(longest);
  calls: { readonly at: number; readonly bytes: number }[] = [];
  fails = false;
  readonly log: LogWrites;
  #fill = 0;

  constructor() {
    const write = (address: number, bytes: number, at: number): number => {
      this.calls.push({ at, bytes });
      if (this.fails) return ioError;
      this.file.set(this.memory.subarray(address, address + bytes), at);
      return 0;
    };
    this.log = new LogWrites({ memory: () => this.memory, write }, place);
  }

  header(at: number, { commits }: { commits: boolean }): number {
    const header = new Uint8Array(headerBytes).fill((this.#fill = (this.#fill % 250) + 1));
    header.fill(0, 4, 8);
    if (commits) header[7] = 9;
    return this.#write(header, at);
  }

  page(at: number): number {
    return this.#write(new Uint8Array(pageBytes).fill((this.#fill = (this.#fill % 250) + 1)), at);
  }

  frame(at: number, { commits }: { commits: boolean }): number {
    return this.header(at, { commits }) || this.page(at + headerBytes);
  }

  /** The first byte in which the file is not what it would be, or null. */
  differsAt(from = 0, to = longest): number | null {
    for (let at = from; at < to; at += 1) if (this.file[at] !== this.plain[at]) return at;
    return null;
  }

  #write(bytes: Uint8Array, at: number): number {
    this.memory.set(bytes, source);
    this.plain.set(bytes, at);
    return this.log.write(source, bytes.length, at);
  }
}

describe('the writes of a log', () => {
  let under: LogUnderTest;
  beforeEach(() => {
    under = new LogUnderTest();
    // The head of the log: after it, frames go on.
    under.log.write(source, 32, 0);
    under.calls = [];
  });

  it('are held until the transaction is committed, and then go out in one call', () => {
    under.frame(32, { commits: false });
    under.frame(32 + frameBytes, { commits: false });
    expect(under.calls).toEqual([]);
    under.frame(32 + 2 * frameBytes, { commits: true });
    expect(under.calls).toEqual([{ at: 32, bytes: 3 * frameBytes }]);
    expect(under.file).toEqual(under.plain);
  });

  it('go out in several calls when there is no place to hold them all', () => {
    for (const index of [0, 1, 2, 3]) under.frame(32 + index * frameBytes, { commits: index === 3 });
    expect(under.calls).toHaveLength(2);
    expect(under.file).toEqual(under.plain);
  });

  it('go out before a part that is held is read, and stay when another part is', () => {
    under.frame(32, { commits: false });
    expect(under.log.settleWithin(0, 32)).toBe(0);
    expect(under.log.settleWithin(32 + frameBytes, pageBytes)).toBe(0);
    expect(under.calls).toEqual([]);
    expect(under.log.settleWithin(32 + headerBytes, pageBytes)).toBe(0);
    expect(under.file).toEqual(under.plain);
  });

  it('of a header that is written anew in place go out at once: no page of its own follows', () => {
    under.frame(32, { commits: false });
    under.frame(32 + frameBytes, { commits: true });
    under.header(32, { commits: false });
    under.header(32 + frameBytes, { commits: true });
    expect(under.file).toEqual(under.plain);
  });

  it('that are neither a header nor the page of one go out at once', () => {
    under.page(32);
    under.page(32 + pageBytes);
    expect(under.file).toEqual(under.plain);
  });

  it('that fail are told of and forgotten, so that a transaction that failed cannot be committed later', () => {
    under.frame(32, { commits: false });
    under.fails = true;
    expect(under.frame(32 + frameBytes, { commits: true })).toBe(ioError);
    under.fails = false;
    expect(under.log.settle()).toBe(0);
    expect(under.frame(32, { commits: true })).toBe(0);
    expect(under.file.subarray(32 + frameBytes)).toEqual(new Uint8Array(longest - 32 - frameBytes));
    expect(under.file.subarray(32, 32 + frameBytes)).toEqual(under.plain.subarray(32, 32 + frameBytes));
  });

  it('are in the file when a commit returns, whatever came before', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('frame' as const), commits: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('rollback' as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('page anew' as const), which: fc.nat(30) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('read' as const), which: fc.nat(30) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const tested = new LogUnderTest();
        let committed = 0;
        let next = 0;
        const at = (frame: number): number => 32 + (frame % 40) * frameBytes;
        for (const one of steps) {
          if (one.kind === 'frame') {
            tested.frame(at(next), { commits: one.commits });
            next += 1;
            if (!one.commits) continue;
            committed = next;
            expect(tested.differsAt()).toBe(null);
          } else if (one.kind === 'rollback') {
            next = committed;
          } else if (one.kind === 'restart') {
            [committed, next] = [0, 0];
          } else if (one.kind === 'page anew') {
            if (next > committed) tested.page(at(committed + (one.which % (next - committed))) + headerBytes);
          } else {
            const from = at(one.which);
            tested.log.settleWithin(from, frameBytes);
            expect(tested.differsAt(from, from + frameBytes)).toBe(null);
          }
        }
        expect(tested.log.settle()).toBe(0);
        expect(tested.differsAt()).toBe(null);
      }),
    );
  });
});
