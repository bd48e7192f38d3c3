import { describe, expect, it } from 'vitest';
import type { DueReminder } from '../../../../src/server/push-store.ts';
import { isTimeZone, nextReminder, sendReminders } from '../../../../src/server/push/reminders.ts';

const hour = 3_600_000;
const utc = (text: string): number => Date.parse(`${text}Z`);

describe('the next reminder', () => {
  it.each([
    ['later today', 18, 'UTC', '2026-01-01T09:30', '2026-01-01T18:00'],
    ['tomorrow, when the hour has begun', 18, 'UTC', '2026-01-01T18:00', '2026-01-02T18:00'],
    ['tomorrow, within the hour', 18, 'UTC', '2026-01-01T18:20', '2026-01-02T18:00'],
    ['where the person is', 7, 'Asia/Kathmandu', '2026-01-01T00:00', '2026-01-01T01:15'],
    ['at midnight', 0, 'America/New_York', '2026-01-01T00:00', '2026-01-01T05:00'],
    ['over the end of summer time', 8, 'Europe/Madrid', '2026-10-24T12:00', '2026-10-25T07:00'],
    ['over its beginning', 8, 'Europe/Madrid', '2026-03-28T12:00', '2026-03-29T06:00'],
    ['in an hour that comes twice: the first', 2, 'Europe/Madrid', '2026-10-24T12:00', '2026-10-25T00:00'],
  ])('is %s', (_what, at, timeZone, after, next) => {
    expect(new Date(nextReminder({ hour: at, timeZone }, utc(after))).toISOString()).toBe(`${next}:00.000Z`);
  });

  it('comes about a day later each time, through a whole year, at that hour', () => {
    const time = { hour: 2, timeZone: 'Europe/Madrid' };
    let at = utc('2026-01-01T12:00');
    for (let day = 0; day < 400; day += 1) {
      const next = nextReminder(time, at);
      expect(next - at).toBeGreaterThan(day === 0 ? 0 : 22 * hour);
      expect(next - at).toBeLessThanOrEqual(26 * hour);
      at = next;
    }
  });

  it('needs a time zone that there is', () => {
    expect(isTimeZone('Europe/Madrid')).toBe(true);
    expect(isTimeZone('Europe/Atlantis')).toBe(false);
    expect(isTimeZone('')).toBe(false);
  });
});

describe('a reminder', () => {
  const now = utc('2026-01-01T18:00');
  const target = { endpoint: '', p256dh: '', auth: '' };
  const reminder = (parts: Partial<DueReminder> = {}): DueReminder => {
    return { session: 'phone', target, user: 'u1', hour: 18, timeZone: 'UTC', at: now, listens: false, ...parts };
  };
  const run = async (due: DueReminder[], { mine = true, cards = true } = {}): Promise<[string[], number[]]> => {
    const told: string[] = [];
    const moved: number[] = [];
    await sendReminders({
      store: {
        dueReminders: async (_now, limit) => due.splice(0, limit),
        async moveReminder({ nextAt }) {
          moved.push(nextAt);
          return mine;
        },
        hasDueCards: async () => cards,
      },
      clock: { now: () => now },
      tell: ({ session }) => void told.push(session),
    });
    return [told, moved];
  };

  it('is sent at its time, and the next one is planned', async () => {
    expect(await run([reminder()])).toEqual([['phone'], [now + 24 * hour]]);
  });

  it('is not sent when no card is due, when the app is open, by another server too, or much too late', async () => {
    expect(await run([reminder()], { cards: false })).toEqual([[], [now + 24 * hour]]);
    expect(await run([reminder({ listens: true })])).toEqual([[], [now + 24 * hour]]);
    expect(await run([reminder()], { mine: false })).toEqual([[], [now + 24 * hour]]);
    expect(await run([reminder({ at: now - hour - 1 })])).toEqual([[], [now + 24 * hour]]);
    expect(await run([reminder({ at: now - hour })])).toEqual([['phone'], [now + 24 * hour]]);
  });

  it('of many is sent too, however many are due at once', async () => {
    const [told] = await run(Array.from({ length: 250 }, (_, at) => reminder({ session: `d${at}` })));
    expect(told).toHaveLength(250);
  });
});
