/** What a part of the benchmark hands back: named series of samples, what they are to reach, and whether they do. */

export type Unit = 'ms' | 'bytes' | '×' | 'calls' | '/s' | '%';

export interface Figure {
  readonly part: string;
  readonly name: string;
  readonly unit: Unit;
  readonly samples: readonly number[];
  readonly median: number;
  readonly p95: number;
  /** The median is to be at most this. */
  readonly target?: number;
  /** The median is to be at least this. */
  readonly atLeast?: number;
  readonly met?: boolean;
}

export interface Series {
  readonly name: string;
  readonly unit: Unit;
  readonly samples: readonly number[];
  readonly target?: number;
  readonly atLeast?: number;
}

export function figureOf(part: string, { name, unit, samples, target, atLeast }: Series): Figure {
  const median = quantile(samples, 0.5);
  const judged = {
    ...(target === undefined ? {} : { target, met: median <= target }),
    ...(atLeast === undefined ? {} : { atLeast, met: median >= atLeast }),
  };
  return { part, name, unit, samples, median, p95: quantile(samples, 0.95), ...judged };
}

/** The quotient of two series, pair by pair: each pair was measured one right after the other. */
export function ratio(name: string, pair: { of: readonly number[]; to: readonly number[]; target?: number }): Series {
  const samples = pair.of.map((value, index) => value / pair.to[index]!);
  return { name, unit: '×', samples, ...(pair.target === undefined ? {} : { target: pair.target }) };
}

/** Linear between the two nearest samples. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}

export function formatTable(figures: readonly Figure[]): string {
  const head = ['part', 'figure', 'median', 'p95', 'n', 'target', ''];
  const rows = figures.map(({ part, name, unit, samples, median, p95, target, atLeast, met }) => [
    part,
    name,
    format(median, unit),
    samples.length > 1 ? format(p95, unit) : '',
    String(samples.length),
    [
      ...(target === undefined ? [] : [`≤ ${format(target, unit)}`]),
      ...(atLeast === undefined ? [] : [`≥ ${format(atLeast, unit)}`]),
    ].join(', '),
    met === undefined ? '' : met ? 'met' : 'MISSED',
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('\n');
}

function format(value: number, unit: Unit): string {
  if (unit === '×') return `${value.toFixed(2)} ×`;
  if (unit === 'calls') return value.toFixed(2);
  if (unit === '/s') return `${Math.round(value).toLocaleString('en')} /s`;
  if (unit === '%') return `${value.toFixed(0)} %`;
  if (unit === 'bytes' && value >= 10_000_000) return `${(value / 1_000_000).toFixed(1)} MB`;
  if (unit === 'bytes') return `${(value / 1000).toFixed(1)} kB`;
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return `${value.toFixed(value < 100 ? 1 : 0)} ms`;
}
