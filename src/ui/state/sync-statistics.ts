/** The statistics of syncing in words. */
import type { SyncStatistics } from '../../client/db/api.ts';
import { agoWords, counted } from './time-words.ts';

export interface StatisticWords {
  readonly label: string;
  readonly words: string;
}

export function statisticsWords(statistics: SyncStatistics, now: number): readonly StatisticWords[] {
  const { runs, successes, failures, average_duration, p95_duration, last_success_at } = statistics;
  if (runs === 0) return [{ label: 'Syncs', words: 'none' }];
  return [
    { label: 'Syncs', words: counted(runs, 'run', 'runs') },
    { label: 'Got through', words: `${number(successes)} (${Math.floor((100 * successes) / runs)} %)` },
    { label: 'Failed', words: number(failures) },
    { label: 'Rows exchanged', words: number(statistics.rows) },
    { label: 'Conflicts', words: number(statistics.conflicts) },
    { label: 'Took on average', words: durationWords(average_duration) },
    { label: '95 in 100 took at most', words: durationWords(p95_duration) },
    {
      label: 'Last got through',
      words: last_success_at === null ? 'not in these days' : agoWords(last_success_at, now),
    },
  ];
}

/** Milliseconds below a second, else seconds. */
export function durationWords(milliseconds: number | null): string {
  if (milliseconds === null) return '–';
  const inSeconds = milliseconds >= 999.5;
  return new Intl.NumberFormat('en', {
    style: 'unit',
    unit: inSeconds ? 'second' : 'millisecond',
    unitDisplay: 'short',
    maximumFractionDigits: inSeconds ? 1 : 0,
  }).format(inSeconds ? milliseconds / 1_000 : milliseconds);
}

function number(count: number): string {
  return new Intl.NumberFormat('en').format(count);
}
