/**
 * Once a day, at the hour that a person chose, a browser of theirs is woken if cards are due; which and how many the browser
 * finds out by itself. Of several servers one sends: whoever plans the next one.
 */
import type { ServerClock } from '../http/clock.ts';
import type { PushStore, Recipient, ReminderTime } from '../push-store.ts';

/** Read at a time. */
const atOnce = 100;
/** A reminder that is later than this, since no server ran, is left out: nobody wants to be woken at night. Milliseconds. */
const latest = 3_600_000;
const minute = 60_000;
const dayMinutes = 24 * 60;

interface RemindersOptions {
  readonly store: Pick<PushStore, 'dueReminders' | 'moveReminder' | 'hasDueCards'>;
  readonly clock: ServerClock;
  readonly tell: (recipient: Recipient) => void;
}

/** Tells whom it is time to tell. */
export async function sendReminders({ store, clock, tell }: RemindersOptions): Promise<void> {
  for (let more = true; more;) {
    const now = clock.now();
    const due = await store.dueReminders(now, atOnce);
    for (const { session, target, user, at, listens, ...time } of due) {
      const mine = await store.moveReminder({ session, at, nextAt: nextReminder(time, now) });
      if (!mine || listens || now - at > latest) continue;
      if (await store.hasDueCards(user, now)) tell({ session, target });
    }
    more = due.length === atOnce;
  }
}

/** The next time after this one at which it is that hour there. Where the clock skips the hour: about then. */
export function nextReminder({ hour, timeZone }: ReminderTime, after: number): number {
  const start = Math.floor(after / minute) * minute;
  const ahead = mod(hour * 60 - minuteOfDay(start, timeZone)) || dayMinutes;
  const guess = start + ahead * minute;
  // On the way the clock may have been changed, by an hour or less.
  const off = mod(hour * 60 - minuteOfDay(guess, timeZone));
  const corrected = guess + (off > dayMinutes / 2 ? off - dayMinutes : off) * minute;
  return corrected > after ? corrected : corrected + dayMinutes * minute;
}

export function isTimeZone(name: string): boolean {
  try {
    return minuteOfDay(0, name) >= 0;
  } catch {
    return false;
  }
}

function minuteOfDay(time: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const [hours = 0, minutes = 0] = format.format(time).split(':').map(Number);
  return hours * 60 + minutes;
}

function mod(minutes: number): number {
  return ((minutes % dayMinutes) + dayMinutes) % dayMinutes;
}
