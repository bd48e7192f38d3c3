/** When a page opens the stream of pokes, and how long it waits where it is cut or refused. The browser is made up here. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openPokes } from '../../../../src/client/adapters/pokes.ts';

class FakeEventSource extends EventTarget {
  static readonly CLOSED = 2;
  static opened: FakeEventSource[] = [];
  readyState = 0;
  readonly url: string;

  constructor(url: string) {
    super();
    this.url = url;
    FakeEventSource.opened.push(this);
  }

  close(): void {
    this.readyState = FakeEventSource.CLOSED;
  }

  /** The browser goes on trying. */
  cut(): void {
    this.dispatchEvent(new Event('error'));
  }

  /** Anything but a stream was answered: the browser gives it up. */
  refuse(): void {
    this.close();
    this.dispatchEvent(new Event('error'));
  }
}

const opened = (): number => FakeEventSource.opened.length;
const last = (): FakeEventSource => FakeEventSource.opened.at(-1)!;
const second = 1_000;
/** How long, to the second, until the next stream is opened. */
function waited(): number {
  const before = opened();
  for (let seconds = 0; seconds <= 300; seconds += 1) {
    if (opened() > before) return seconds;
    vi.advanceTimersByTime(second);
  }
  return Infinity;
}

let poked = 0;
beforeEach(() => {
  poked = 0;
  FakeEventSource.opened = [];
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0);
  vi.stubGlobal('window', new EventTarget());
  vi.stubGlobal('EventSource', FakeEventSource);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const follow = (device: string | null = 'a'): ReturnType<typeof openPokes> => {
  const pokes = openPokes(() => (poked += 1));
  pokes.follow(device);
  return pokes;
};

describe('the stream of pokes', () => {
  it('is opened once for a device, again for another, and closed for none', () => {
    const pokes = follow('a b');
    pokes.follow('a b');
    expect(FakeEventSource.opened.map(({ url }) => url)).toEqual(['/api/sync/events?device=a%20b']);
    pokes.follow('c');
    expect(FakeEventSource.opened.map(({ readyState }) => readyState)).toEqual([2, 0]);
    pokes.follow(null);
    expect(last().readyState).toBe(2);
    expect(waited()).toBe(Infinity);
  });

  it('that is cut is first left to the browser, which knows the last poke and when to ask', () => {
    follow();
    last().cut();
    expect(last().readyState).toBe(0);
    expect(waited()).toBe(Infinity);
    last().dispatchEvent(new Event('poke'));
    expect(poked).toBe(1);
  });

  it('that stays cut is tried with pauses that grow up to a minute, until a poke comes', () => {
    follow();
    last().cut();
    const pauses = Array.from({ length: 7 }, () => {
      last().cut();
      last().cut();
      return waited();
    });
    expect(pauses).toEqual([4, 8, 16, 32, 60, 60, 60]);
    last().dispatchEvent(new Event('poke'));
    last().cut();
    expect(waited()).toBe(Infinity);
    last().cut();
    expect(waited()).toBe(4);
  });

  it('waits up to twice as long, by chance', () => {
    vi.mocked(Math.random).mockReturnValue(0.999);
    follow();
    last().cut();
    last().cut();
    expect(waited()).toBe(8);
  });

  it('that was refused is tried a while later, however often it is asked to follow meanwhile', () => {
    const pokes = follow();
    last().refuse();
    pokes.follow('a');
    expect(opened()).toBe(1);
    expect(waited()).toBe(15);
  });

  it('is tried at once when the network is back, if it was waiting, and not if it is open', () => {
    const pokes = follow();
    last().refuse();
    window.dispatchEvent(new Event('online'));
    expect(opened()).toBe(2);
    expect(waited()).toBe(Infinity);
    window.dispatchEvent(new Event('online'));
    expect(opened()).toBe(2);
    last().refuse();
    pokes.follow(null);
    window.dispatchEvent(new Event('online'));
    expect(opened()).toBe(2);
  });

  it('ends with the page, and is opened again when it comes back', () => {
    const pokes = follow();
    window.dispatchEvent(new Event('pagehide'));
    expect(last().readyState).toBe(2);
    pokes.follow('a');
    expect(opened()).toBe(2);
  });
});
