/** Times and counts as people say them. */

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const short = (value: number, unit: 'minute' | 'hour' | 'day' | 'month' | 'year') =>
  new Intl.NumberFormat('en', { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 }).format(value);

/** How long until a card comes back, for a button: `1 min`, `3 days`. */
export function intervalWords(milliseconds: number): string {
  if (milliseconds < minute) return '< 1 min';
  if (milliseconds < 59.5 * minute) return short(Math.round(milliseconds / minute), 'minute');
  if (milliseconds < 23.5 * hour) return short(Math.round(milliseconds / hour), 'hour');
  if (milliseconds < 60 * day) return short(Math.round(milliseconds / day), 'day');
  if (milliseconds < 365 * day) return short(Math.round(milliseconds / (30.44 * day)), 'month');
  return short(Math.round((milliseconds / (365.25 * day)) * 10) / 10, 'year');
}

/** How long ago, for a list. */
export function agoWords(at: number, now: number): string {
  const elapsed = now - at;
  if (elapsed < minute) return 'just now';
  const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
  if (elapsed < hour) return relative.format(-Math.floor(elapsed / minute), 'minute');
  if (elapsed < day) return relative.format(-Math.floor(elapsed / hour), 'hour');
  if (elapsed < 30 * day) return relative.format(-Math.floor(elapsed / day), 'day');
  return new Intl.DateTimeFormat('en', { dateStyle: 'medium' }).format(at);
}

export function counted(count: number, one: string, many: string): string {
  return `${new Intl.NumberFormat('en').format(count)} ${count === 1 ? one : many}`;
}

export function startOfDay(now: number): number {
  return new Date(now).setHours(0, 0, 0, 0);
}

export function partOfDay(now: number): 'morning' | 'afternoon' | 'evening' {
  const hours = new Date(now).getHours();
  if (hours >= 4 && hours < 12) return 'morning';
  return hours >= 12 && hours < 18 ? 'afternoon' : 'evening';
}
