import { PassThrough, Writable, type Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { createPokeHub, pokeEvent, type Wire } from '../../../src/server/http/poke-hub.ts';

/** Waits for a condition, however busy the machine is. */
const until = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 10 });

const listener = { user: 'u', session: 's', device: null };
/** Of a response that has not begun: everything goes through the body. */
const notSent: Wire = { headersSent: false, chunkedEncoding: true, socket: null };

/** Of one that has. */
function wireTo(socket: Wire['socket'], parts: Partial<Wire> = {}): Wire {
  return { headersSent: true, chunkedEncoding: true, socket, ...parts };
}

function read(body: Readable): string {
  const chunk = body.read() as Buffer | null;
  return chunk === null ? '' : chunk.toString() + read(body);
}

describe('the hub', () => {
  it('forgets a stream that is closed, and the user with the last one', async () => {
    const hub = createPokeHub();
    const [first, second] = [hub.open(listener, notSent), hub.open(listener, notSent)];
    first.destroy();
    await until(() => expect(hub.size).toBe(1));
    hub.poke({ user: 'u', head: 7, from: null });
    expect(read(second)).toBe(pokeEvent(7));
    second.destroy();
    await until(() => expect(hub.size).toBe(0));
    hub.poke({ user: 'u', head: 8, from: null });
  });

  it('knows whose streams are open', async () => {
    const hub = createPokeHub();
    const [phone] = [
      hub.open({ ...listener, session: 'phone' }, notSent),
      hub.open({ ...listener, session: 'laptop' }, notSent),
    ];
    expect([...hub.sessions()]).toEqual(['phone', 'laptop']);
    expect(hub.listens('u', 'phone')).toBe(true);
    expect(hub.listens('nobody', 'phone')).toBe(false);
    phone.destroy();
    await until(() => expect(hub.listens('u', 'phone')).toBe(false));
    expect([...hub.sessions()]).toEqual(['laptop']);
  });

  it('knows the head that each user was told last, and passes on what a device hears as it connects', () => {
    const hub = createPokeHub();
    const first = hub.open(listener, notSent);
    hub.greeted({ user: 'u', head: 5, from: null });
    expect([...hub.watched()]).toEqual([['u', 5]]);
    expect(read(first)).toBe('');
    hub.open({ ...listener, device: 'd' }, notSent);
    hub.greeted({ user: 'u', head: 6, from: 'd' });
    expect(read(first)).toBe(pokeEvent(6));
    hub.greeted({ user: 'nobody', head: 1, from: null });
    hub.poke({ user: 'nobody', head: 2, from: null });
    expect([...hub.watched()]).toEqual([['u', 6]]);
    hub.closeAll();
    expect([...hub.watched()]).toEqual([]);
  });

  it('writes nothing to a stream after its end', () => {
    const hub = createPokeHub();
    const body = hub.open(listener, notSent);
    hub.closeSession('s');
    hub.closeSession('s');
    hub.poke({ user: 'u', head: 7, from: null });
    hub.closeAll();
    expect(hub.size).toBe(0);
    expect(read(body)).toBe('');
    expect(body.errored).toBeNull();
  });

  it('writes to the connection itself once the response is under way, as a chunk of HTTP', () => {
    const hub = createPokeHub();
    const socket = new PassThrough();
    const body = hub.open(listener, wireTo(socket));
    hub.poke({ user: 'u', head: 7, from: null });
    expect(read(body)).toBe('');
    expect(read(socket)).toBe(`1b\r\n${pokeEvent(7)}\r\n`);
    expect(pokeEvent(7)).toHaveLength(0x1b);
  });

  it.each([
    ['has sent no head', wireTo(new PassThrough(), { headersSent: false })],
    ['is to a client that knows no chunks', wireTo(new PassThrough(), { chunkedEncoding: false })],
    ['has lost its connection', wireTo(null)],
    ['has a connection that is closed', wireTo(new PassThrough().destroy())],
  ])('writes to the body while the response %s', (_, wire) => {
    const hub = createPokeHub();
    const body = hub.open(listener, wire);
    hub.poke({ user: 'u', head: 7, from: null });
    expect(read(body)).toBe(pokeEvent(7));
  });

  it('overtakes nothing that is still in the body', () => {
    const hub = createPokeHub();
    const socket = new PassThrough();
    const body = hub.open(listener, wireTo(socket));
    body.push('first');
    hub.poke({ user: 'u', head: 7, from: null });
    expect(read(body)).toBe(`first${pokeEvent(7)}`);
    expect(read(socket)).toBe('');
  });

  it('drops a reader whose connection does not take any more', async () => {
    const hub = createPokeHub();
    const socket = new Writable({ highWaterMark: 1, write: () => undefined });
    hub.open(listener, wireTo(socket));
    for (let head = 0; head < 1_000; head += 1) hub.poke({ user: 'u', head, from: null });
    await until(() => expect(hub.size).toBe(0));
    expect(socket.writableLength).toBeLessThan(17_000);
  });

  it('drops a reader that does not read', async () => {
    const hub = createPokeHub();
    const stuck = hub.open(listener, notSent);
    for (let head = 0; head < 1_000; head += 1) hub.poke({ user: 'u', head, from: null });
    await until(() => expect(hub.size).toBe(0));
    expect(stuck.destroyed).toBe(true);
  });

  it('beats on streams whose session is good and ends the others', async () => {
    const hub = createPokeHub();
    const [good, bad] = [hub.open(listener, notSent), hub.open({ ...listener, session: 'expired' }, notSent)];
    await hub.beat(async (session) => session === 's');
    expect(read(good)).toBe(':\n\n');
    expect(read(bad)).toBe('');
    expect(hub.size).toBe(1);
  });
});
