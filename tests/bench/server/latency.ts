/** A latency as figures: its median and 95th percentile, and the 99th by itself, where something is to be reached. */
import { quantile, type Series } from '../figures.ts';

/** `slowest`: what the 99th percentile is to be at most, in milliseconds. */
export function latency(name: string, at: { samples: readonly number[]; slowest?: number }): Series[] {
  return [
    { name, unit: 'ms', samples: at.samples },
    {
      name: `${name}, 99th percentile`,
      unit: 'ms',
      samples: [quantile(at.samples, 0.99)],
      ...(at.slowest === undefined ? {} : { target: at.slowest }),
    },
  ];
}
