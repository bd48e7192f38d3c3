/** Which way a sync takes, one at a time, and how it gives way. The engine and the database are real, the browser is not. */
import { describe, expect, it } from 'vitest';
import { createFetchTransport } from '../../../src/client/adapters/fetch-transport.ts';
import { createPortStore, serveStore, type PortStore } from '../../../src/client/adapters/store-over-port.ts';
import type { Activity } from '../../../src/client/sw-messages.ts';
import type { Failure } from '../../../src/protocol/errors.ts';
import type { SyncRequest } from '../../../src/protocol/messages.ts';
import type { Outcome } from '../../../src/sync/machine.ts';
import type { SyncStore } from '../../../src/sync/ports.ts';
import { createSyncHost, type SyncHost } from '../../../src/service-worker/sync-host.ts';
import { addWord } from '../../support/add-word.ts';
import { DeviceUnderTest } from '../../support/device-under-test.ts';
import { MemoryServer } from '../../support/memory-server.ts';

const now = 1_800_000_000_000;

type Direct = (work: (store: SyncStore) => Promise<Outcome>) => Promise<Outcome | Failure | null>;

interface World {
  readonly host: SyncHost;
  readonly server: MemoryServer;
  readonly device: DeviceUnderTest;
  readonly activities: Activity[];
  /** Requests that reached the server. */
  readonly requests: number[];
  page: PortStore | null;
  /** A page is opening the database. */
  opening: boolean;
  direct: Direct;
}

/** A device whose data a page serves over a port, a host on it, and the server behind `fetch`. */
function createWorld(
  answer: (reply: () => Promise<Response>, signal: AbortSignal) => Promise<Response> = (reply) => reply(),
): World {
  const server = new MemoryServer();
  const device = new DeviceUnderTest({ name: 'a', transport: server.transport(), now: () => now });
  const { port1, port2 } = new MessageChannel();
  serveStore(port1, device.store);
  const page = createPortStore(port2);
  const activities: Activity[] = [];
  const requests: number[] = [];
  const fetchHere: typeof fetch = (_, init) => {
    requests.push(requests.length);
    return answer(async () => {
      const result = await server
        .transport()
        .exchange(JSON.parse(new TextDecoder().decode(init!.body as Uint8Array)) as SyncRequest);
      if (!result.ok) throw new TypeError('unreachable');
      return new Response(JSON.stringify(result.value.reply), { headers: { 'content-type': 'application/json' } });
    }, init!.signal!);
  };
  const world: World = {
    server,
    device,
    activities,
    requests,
    page,
    opening: false,
    direct: () => Promise.resolve(null),
    host: createSyncHost({
      link: {
        store: () => Promise.resolve(world.page),
        expectPort: () => {
          world.opening = true;
        },
        expectsPort: () => world.opening,
        portWithin: () => Promise.resolve(),
        connect: () => undefined,
        disconnect: () => undefined,
        confirm: () => undefined,
      },
      direct: (work) => world.direct(work),
      locks: { request: (_: string, work: () => unknown) => work() } as unknown as LockManager,
      transport: (giveWay) => createFetchTransport({ fetch: fetchHere, giveWay }),
      clock: { now: () => now },
      random: { next: () => 0.5 },
      interval: 900_000,
      announce: (activity) => activities.push(activity),
    }),
  };
  return world;
}

describe('the sync host', () => {
  it('syncs over the port of a page, and tells the pages', async () => {
    const world = createWorld();
    world.device.write((sql) => addWord(sql, { id: 'w', word: 'perro' }));
    expect(await world.host.sync('both')).toBeNull();
    expect(world.server.rows('vocabulary_item').get('w')).toMatchObject({ word: 'perro' });
    expect(world.device.waiting()).toBe(0);
    expect(world.activities).toEqual([
      { running: true, failure: null },
      { running: false, failure: null },
    ]);
    world.page!.close();
  });

  it('syncs directly on the file when no page answers', async () => {
    const world = createWorld();
    world.page!.close();
    world.page = null;
    world.direct = (work) => work(world.device.store);
    world.device.write((sql) => addWord(sql, { id: 'w', word: 'perro' }));
    expect(await world.host.sync('both')).toBeNull();
    expect(world.server.rows('vocabulary_item').size).toBe(1);
  });

  it('tries again for a while when another has the storage, and says so in the end', async () => {
    const world = createWorld();
    world.page!.close();
    world.page = null;
    let tries = 0;
    world.direct = () => {
      tries += 1;
      return Promise.resolve(null);
    };
    expect(await world.host.sync('both')).toEqual({ code: 'storage_busy' });
    expect(tries).toBe(4);
  });

  it('goes over to the page that opens while a direct run waits for the server, and loses nothing', async () => {
    const page = { wanted: () => undefined as void };
    const world = createWorld((reply, signal) => {
      if (world.requests.length > 1) return reply();
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        page.wanted();
      });
    });
    const port = world.page;
    world.page = null;
    world.direct = (work) => work(world.device.store);
    page.wanted = () => {
      world.page = port;
      world.host.giveWay();
    };
    world.device.write((sql) => addWord(sql, { id: 'w', word: 'perro' }));
    expect(await world.host.sync('both')).toBeNull();
    expect(world.server.rows('vocabulary_item').size).toBe(1);
    expect(world.device.all('SELECT error FROM sync_run')).toEqual([{ error: null }]);
    port!.close();
  });

  it('leaves the file to a page that is about to open it', async () => {
    const world = createWorld();
    world.page!.close();
    world.page = null;
    let tries = 0;
    world.direct = (work) => {
      tries += 1;
      return work(world.device.store);
    };
    world.host.giveWay();
    expect(await world.host.sync('both')).toEqual({ code: 'storage_busy' });
    expect(tries).toBe(0);
    world.opening = false;
    expect(await world.host.sync('both')).toBeNull();
    expect(tries).toBe(1);
  });

  it('goes direct when the page goes away in the middle', async () => {
    const world = createWorld((reply) => {
      if (world.page) {
        world.page.close();
        world.page = null;
      }
      return reply();
    });
    world.direct = (work) => work(world.device.store);
    world.device.write((sql) => addWord(sql, { id: 'w', word: 'perro' }));
    expect(await world.host.sync('both')).toBeNull();
    expect(world.device.waiting()).toBe(0);
  });

  it('runs once more for all that was asked while it ran', async () => {
    const world = createWorld();
    const all = [world.host.sync('up'), world.host.sync('both'), world.host.sync('down')];
    await Promise.all(all);
    expect(world.requests).toHaveLength(2);
    world.page!.close();
  });

  it('does nothing when nobody has signed up', async () => {
    const world = createWorld();
    world.device.database.write((sql) => sql.run('UPDATE sync_state SET user_id = NULL'), 'sync');
    expect(await world.host.sync('both')).toBeNull();
    expect(world.requests).toHaveLength(0);
    world.page!.close();
  });

  it('gives the failure of the server, and of a file that cannot be opened', async () => {
    const world = createWorld(() => Promise.resolve(new Response('{}', { status: 503 })));
    expect(await world.host.sync('both')).toMatchObject({ code: 'unavailable' });
    world.page!.close();
    world.page = null;
    world.direct = () => Promise.resolve({ code: 'storage_too_large' });
    expect(await world.host.sync('both')).toEqual({ code: 'storage_too_large' });
    expect(world.activities.at(-1)).toEqual({ running: false, failure: { code: 'storage_too_large' } });
  });

  it('does not try at once again what was asked for while a server hung', async () => {
    const late = JSON.stringify({ error: { code: 'timeout' } });
    const world = createWorld(() => Promise.resolve(new Response(late, { status: 408 })));
    await Promise.all([world.host.sync('both'), world.host.sync('both')]);
    expect(world.requests).toHaveLength(1);
    world.page!.close();
  });

  it('is ready for the next sync after a bug', async () => {
    const world = createWorld();
    const port = world.page;
    world.page = null;
    world.direct = () => Promise.reject(new Error('a bug'));
    await expect(world.host.sync('both')).rejects.toThrow('a bug');
    expect(world.activities.at(-1)).toMatchObject({ running: false, failure: { code: 'storage_failed' } });
    world.page = port;
    expect(await world.host.sync('both')).toBeNull();
    port!.close();
  });
});
