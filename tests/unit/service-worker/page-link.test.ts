import { afterEach, describe, expect, it } from 'vitest';
import { serveStore } from '../../../src/client/adapters/store-over-port.ts';
import type { StorePort } from '../../../src/client/sw-messages.ts';
import { createPageLink, type PageLink } from '../../../src/service-worker/page-link.ts';
import { DeviceUnderTest } from '../../support/device-under-test.ts';
import { MemoryServer } from '../../support/memory-server.ts';

interface World {
  readonly link: PageLink;
  /** What pages were asked. */
  readonly asked: unknown[];
  /** Milliseconds. */
  elapsed: number;
  /** The worker that holds this lock has ended. */
  end(life: string): void;
}

/** `onAsk` is what the open pages do when they are asked for a port; null: there is no page. */
function createWorld(onAsk: ((link: PageLink) => void) | null): World {
  const asked: unknown[] = [];
  const ends = new Map<string, () => void>();
  const page = {
    postMessage: (message: unknown) => {
      asked.push(message);
      onAsk?.(world.link);
    },
  };
  const world: World = {
    asked,
    elapsed: 0,
    end: (life) => ends.get(life)?.(),
    link: createPageLink({
      clients: { matchAll: () => Promise.resolve(onAsk ? [page] : []) },
      elapsed: () => world.elapsed,
      lockFreed: (life) => new Promise((freed) => ends.set(life, freed)),
    }),
  };
  return world;
}

/** Ends of ports; closing one closes the other. */
const opened: MessagePort[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

/** A port at whose other end a database worker answers, or nobody. */
function port({ served = true, life = 'life' } = {}): StorePort {
  const { port1, port2 } = new MessageChannel();
  const server = new MemoryServer();
  if (served) {
    serveStore(port1, new DeviceUnderTest({ name: 'a', transport: server.transport(), now: () => 0 }).store);
  }
  opened.push(port1);
  return { port: port2, life };
}

describe('the link to a page', () => {
  it('is none when no page is open, without waiting', async () => {
    const world = createWorld(null);
    expect(await world.link.store()).toBeNull();
    expect(world.asked).toEqual([]);
  });

  it('asks the pages for a port when it has none, as after the service worker was stopped', async () => {
    const world = createWorld((link) => link.connect(port()));
    const store = await world.link.store();
    expect(world.asked).toEqual([{ type: 'store-wanted' }]);
    expect(await store!.gather('both')).toMatchObject({ ok: true });
    world.link.disconnect();
  });

  it('is none when the page does not answer in time: a frozen page is no page', async () => {
    const world = createWorld(() => undefined);
    expect(await world.link.store()).toBeNull();
    expect(world.asked).toHaveLength(1);
  });

  it('uses a port that a page has sent by itself, once it has answered', async () => {
    const world = createWorld(() => undefined);
    world.link.connect(port());
    expect(await world.link.store()).not.toBeNull();
    expect(world.asked).toEqual([]);
    world.link.disconnect();
  });

  it('drops a port at which nobody answers any more, and asks for another', async () => {
    const world = createWorld((link) => link.connect(port()));
    world.link.connect(port({ served: false }));
    expect(await world.link.store()).not.toBeNull();
    expect(world.asked).toHaveLength(1);
    world.link.disconnect();
  });

  it('expects a port of a page that opens, for some seconds or until it comes', () => {
    const world = createWorld(null);
    expect(world.link.expectsPort()).toBe(false);
    world.link.expectPort();
    world.elapsed = 4_900;
    expect(world.link.expectsPort()).toBe(true);
    world.elapsed = 5_000;
    expect(world.link.expectsPort()).toBe(false);
    world.link.expectPort();
    world.link.connect(port());
    expect(world.link.expectsPort()).toBe(false);
  });

  it('expects none any more of a page that is gone', async () => {
    const world = createWorld(null);
    world.link.expectPort();
    expect(await world.link.store()).toBeNull();
    expect(world.link.expectsPort()).toBe(false);
  });

  it('waits for no answer of a worker that has ended: what it was asked is answered at once, and the port dropped', async () => {
    const world = createWorld(null);
    world.link.connect(port({ served: false, life: 'first' }));
    world.link.confirm();
    const store = await world.link.store();
    const answer = store!.gather('both');
    world.end('first');
    expect(await answer).toMatchObject({ ok: false, error: { code: 'storage_busy' } });
    expect(await world.link.store()).toBeNull();
  });

  it('keeps the port of a worker that took over from one that has ended', async () => {
    const world = createWorld(() => undefined);
    world.link.connect(port({ served: false, life: 'first' }));
    world.link.connect(port({ life: 'second' }));
    world.end('first');
    expect(await world.link.store()).not.toBeNull();
    world.link.disconnect();
  });

  it('does not ask a port whether it lives that has just answered', async () => {
    const world = createWorld(() => undefined);
    world.link.connect(port({ served: false }));
    world.link.confirm();
    world.elapsed = 900;
    expect(await world.link.store()).not.toBeNull();
    world.elapsed = 1_100;
    expect(await world.link.store()).toBeNull();
  });
});
