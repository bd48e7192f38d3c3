import { describe, expect, it } from 'vitest';
import { hasReasonToNotify, hourWords, Notifications } from '../../../src/ui/state/notifications.svelte.ts';
import { FakePush } from '../../support/fake-sync.ts';

describe('notifications', () => {
  it('are asked for, turned on with an hour, changed and turned off', async () => {
    const push = new FakePush();
    const notifications = new Notifications(push);
    expect(notifications.state).toBeNull();
    await notifications.load();
    expect(notifications.state).toEqual({ kind: 'off' });
    expect(await notifications.turnOn(18)).toBe(true);
    expect(await notifications.turnOn(null)).toBe(true);
    expect(notifications.state).toEqual({ kind: 'on', hour: null });
    expect(await notifications.turnOff()).toBe(true);
    expect(notifications.state).toEqual({ kind: 'off' });
  });

  it.each(['off', 'denied'] as const)('are not on when the person answers the browser so: %s', async (answer) => {
    const push = new FakePush();
    push.answer = answer;
    const notifications = new Notifications(push);
    expect(await notifications.turnOn(18)).toBe(false);
    expect(notifications.state).toEqual({ kind: answer });
  });

  it('stay as they were when something fails, and say what', async () => {
    const push = new FakePush();
    const notifications = new Notifications(push);
    await notifications.turnOn(18);
    push.failure = { code: 'offline' };
    expect(await notifications.turnOff()).toBe(false);
    expect(notifications).toMatchObject({ state: { kind: 'on' }, failure: { code: 'offline' }, busy: false });
    push.failure = null;
    await notifications.load();
    expect(notifications.failure).toBeNull();
  });

  it('take one tap at a time', async () => {
    const notifications = new Notifications(new FakePush());
    const [first, second] = await Promise.all([notifications.turnOn(18), notifications.turnOn(7)]);
    expect([first, second]).toEqual([true, false]);
    expect(notifications.state).toEqual({ kind: 'on', hour: 18 });
  });

  it('are offered to who has an account and something in it, and not before', () => {
    expect(hasReasonToNotify('u1', { words: 1, conversations: 0 })).toBe(true);
    expect(hasReasonToNotify('u1', { words: 0, conversations: 1 })).toBe(true);
    expect(hasReasonToNotify('u1', { words: 0, conversations: 0 })).toBe(false);
    expect(hasReasonToNotify(null, { words: 9, conversations: 9 })).toBe(false);
    expect(hasReasonToNotify(undefined, { words: 9, conversations: 9 })).toBe(false);
    expect(hasReasonToNotify('u1', null)).toBe(false);
  });

  it('name the hours as people there do', () => {
    expect(hourWords(18, 'en-GB')).toBe('18:00');
    expect(hourWords(18, 'en-US')).toMatch(/^6:00\sPM$/);
  });
});
