/** The past of a device is a line: a copy of its file is told from it, a lost reply, a kill or a duplicate is not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/protocol/limits.ts';
import type { WriterState } from '../../../src/protocol/messages.ts';
import {
  answered,
  beginWriter,
  isInPast,
  noWriters,
  restamped,
  sentStates,
  type Writers,
} from '../../../src/sync/writers.ts';

describe('the past of a device', () => {
  it('names the writer with the latest edit that waits', () => {
    const past = beginWriter(noWriters, { writer: 'a', latest: 0 });
    expect(sentStates(past, 7)).toEqual([['a', 7]]);
  });

  it('is empty before anything was edited', () => {
    expect(sentStates(noWriters, 0)).toEqual([]);
    expect(answered(noWriters, [])).toEqual(noWriters);
  });

  it('keeps what the server answered for, and who edited since', () => {
    const first = beginWriter(noWriters, { writer: 'a', latest: 0 });
    const sent = sentStates(first, 7);
    const later = beginWriter(first, { writer: 'b', latest: 9 });
    expect(answered(later, sent)).toEqual({
      merged: ['a', 7],
      since: [
        ['a', 9],
        ['b', 0],
      ],
    });
    expect(sentStates(answered(later, sentStates(later, 12)), 12)).toEqual([['b', 12]]);
  });

  it('never sends a state before the one that was answered for, when a push holds earlier edits', () => {
    const past = answered(beginWriter(noWriters, { writer: 'a', latest: 0 }), [['a', 20]]);
    expect(sentStates(past, 5)).toEqual([['a', 20]]);
  });

  it('leaves out, once stamps were changed, whatever may still be under way with the old ones', () => {
    const past = answered(beginWriter(noWriters, { writer: 'a', latest: 0 }), [['a', 20]]);
    expect(sentStates(restamped(past, 'b'), 15)).toEqual([
      ['a', 20],
      ['b', 15],
    ]);
    expect(isInPast(['a', 99], sentStates(restamped(past, 'b'), 15))).toBe(false);
  });

  it('does not forget the answered state where another writer goes on', () => {
    expect(answered({ merged: null, since: [['b', 3]] }, [['a', 7]])).toEqual({ merged: ['a', 7], since: [['b', 3]] });
  });

  it('never grows beyond what a request may name', () => {
    let past = noWriters;
    for (let index = 0; index < 200; index += 1) past = beginWriter(past, { writer: `w${index}`, latest: index });
    expect(sentStates({ ...past, merged: ['first', 0] }, 200)).toHaveLength(limits.writers);
    expect(sentStates(past, 200).at(-1)).toEqual(['w199', 200]);
  });
});

/** What a device is for this: its past, the edits that wait, and what is under way. */
class Device {
  past: Writers = noWriters;
  waiting: readonly number[] = [];
  clock: number;
  readonly #newWriter: () => string;
  #writes = false;

  constructor(newWriter: () => string, clock = 0) {
    this.#newWriter = newWriter;
    this.clock = clock;
  }

  get latest(): number {
    return Math.max(0, ...this.waiting);
  }

  edit(): void {
    if (!this.#writes) this.past = beginWriter(this.past, { writer: this.#newWriter(), latest: this.latest });
    this.#writes = true;
    this.clock += 1;
    this.waiting = [...this.waiting, this.clock];
  }

  reopen(): void {
    this.#writes = false;
  }

  copy(): Device {
    const copy = new Device(this.#newWriter, this.clock);
    copy.past = this.past;
    copy.waiting = this.waiting;
    return copy;
  }
}

interface Request {
  readonly states: readonly WriterState[];
  readonly edits: readonly number[];
}

class Server {
  merged: WriterState | null = null;
  /** Gives whether the push was taken. */
  push({ states, edits }: Request): boolean {
    if (this.merged && !isInPast(this.merged, states)) return false;
    if (edits.length > 0) this.merged = states.at(-1)!;
    return true;
  }
}

const deed = fc.constantFrom('edit', 'edit', 'reopen', 'push', 'lose the reply', 'lose the request', 'repeat late');

describe('one device', () => {
  it('is never taken for another, whatever is lost, killed or repeated', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 60 }), (deeds) => {
        let writers = 0;
        const device = new Device(() => `w${(writers += 1)}`);
        const server = new Server();
        const all: Request[] = [];
        for (const name of deeds) {
          const request = { states: sentStates(device.past, device.latest), edits: device.waiting };
          if (name === 'edit') device.edit();
          else if (name === 'reopen') device.reopen();
          // Taken or refused, nobody waits for its answer.
          else if (name === 'repeat late') server.push(all.at(Math.floor(all.length / 2)) ?? request);
          else {
            all.push(request);
            const taken = name === 'lose the request' || server.push(request);
            expect(taken).toBe(true);
            if (name !== 'push' || request.edits.length === 0) continue;
            device.past = answered(device.past, request.states);
            device.waiting = [];
          }
        }
      }),
    );
  });
});

describe('two devices that come from one file', () => {
  it('never both push what the other does not know of', () => {
    const way = fc.array(fc.tuple(fc.boolean(), deed), { minLength: 5, maxLength: 60 });
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 10 }), way, (before, after) => {
        let writers = 0;
        const original = new Device(() => `w${(writers += 1)}`);
        const server = new Server();
        for (const name of before) act(original, name, server);
        const copy = original.copy();
        const forked = original.clock;
        const own = new Map<Device, boolean>();
        for (const [isCopy, name] of after) {
          const device = isCopy ? copy : original;
          const latest = act(device, name, server);
          if (latest > forked) own.set(device, true);
        }
        expect(own.size).toBeLessThanOrEqual(1);
      }),
    );
  });

  /** Gives the latest edit that the server took with this deed. */
  function act(device: Device, name: string, server: Server): number {
    if (name === 'edit') device.edit();
    if (name === 'reopen') device.reopen();
    if (name !== 'push' && name !== 'lose the reply') return 0;
    const request = { states: sentStates(device.past, device.latest), edits: device.waiting };
    if (!server.push(request) || request.edits.length === 0) return 0;
    const { latest } = device;
    if (name === 'push') {
      device.past = answered(device.past, request.states);
      device.waiting = [];
    }
    return latest;
  }
});

describe('a device without an opening that edits', () => {
  it('sends the state that the server has answered for, and no other', () => {
    expect(sentStates({ merged: ['a', 5], since: [] }, 0)).toEqual([['a', 5]]);
    expect(sentStates({ merged: null, since: [] }, 0)).toEqual([]);
  });

  it('goes on with what it has when the server has answered for none of its states', () => {
    expect(answered({ merged: ['a', 1], since: [['b', 2]] }, [])).toEqual({ merged: null, since: [['b', 2]] });
  });
});
