import type { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { createPokeHub, pokeEvent } from '../../../src/server/http/poke-hub.ts';

/** Waits for a condition, however busy the machine is. */
const until = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 10 });

const listener = { user: 'u', session: 's', device: null };

function read(body: Readable): string {
  const chunk = body.read() as Buffer | null;
  return chunk === null ? '' : chunk.toString() + read(body);
}

describe('the hub', () => {
  it('forgets a stream that is closed, and the user with the last one', async () => {
    const hub = createPokeHub();
    const [first, second] = [hub.open(listener), hub.open(listener)];
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
    const [phone] = [hub.open({ ...listener, session: 'phone' }), hub.open({ ...listener, session: 'laptop' })];
    expect([...hub.sessions()]).toEqual(['phone', 'laptop']);
    expect(hub.listens('u', 'phone')).toBe(true);
    expect(hub.listens('nobody', 'phone')).toBe(false);
    phone.destroy();
    await until(() => expect(hub.listens('u', 'phone')).toBe(false));
    expect([...hub.sessions()]).toEqual(['laptop']);
  });

  it('knows the head that each user was told last, and passes on what a device hears as it connects', () => {
    const hub = createPokeHub();
    const first = hub.open(listener);
    hub.greeted({ user: 'u', head: 5, from: null });
    expect([...hub.watched()]).toEqual([['u', 5]]);
    expect(read(first)).toBe('');
    hub.open({ ...listener, device: 'd' });
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
    const body = hub.open(listener);
    hub.closeSession('s');
    hub.closeSession('s');
    hub.poke({ user: 'u', head: 7, from: null });
    hub.closeAll();
    expect(hub.size).toBe(0);
    expect(read(body)).toBe('');
    expect(body.errored).toBeNull();
  });

  it('drops a reader that does not read', async () => {
    const hub = createPokeHub();
    const stuck = hub.open(listener);
    for (let head = 0; head < 1_000; head += 1) hub.poke({ user: 'u', head, from: null });
    await until(() => expect(hub.size).toBe(0));
    expect(stuck.destroyed).toBe(true);
  });

  it('beats on streams whose session is good and ends the others', async () => {
    const hub = createPokeHub();
    const [good, bad] = [hub.open(listener), hub.open({ ...listener, session: 'expired' })];
    await hub.beat(async (session) => session === 's');
    expect(read(good)).toBe(':\n\n');
    expect(read(bad)).toBe('');
    expect(hub.size).toBe(1);
  });
});
