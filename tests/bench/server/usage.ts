/** CPU and memory of processes over a stretch of time, as figures. */
import type { Series } from '../figures.ts';
import { usageOf } from './server-process.ts';

export interface UsageWatch {
  /** Ends the watch; what it gives makes figures under a name. */
  stop(): (name: string) => Series[];
}

const interval = 250;

/** Processes in order: the server, then the database server where there is one. Without /proc there are no figures. */
export function watchUsage(pids: readonly number[]): UsageWatch {
  const before = pids.map(usageOf);
  const started = performance.now();
  const memory = pids.map(() => 0);
  const look = (): void => {
    pids.forEach((pid, index) => (memory[index] = Math.max(memory[index]!, usageOf(pid)?.memory ?? 0)));
  };
  const timer = setInterval(look, interval);
  return {
    stop() {
      clearInterval(timer);
      look();
      const seconds = (performance.now() - started) / 1_000;
      const after = pids.map(usageOf);
      return (name) =>
        pids.flatMap((_, index) => {
          const [from, to] = [before[index], after[index]];
          if (!from || !to) return [];
          const who = index === 0 ? 'server' : 'database server';
          return [
            {
              name: `${name}: CPU of the ${who}`,
              unit: '%',
              samples: [((to.cpuSeconds - from.cpuSeconds) / seconds) * 100],
            },
            { name: `${name}: most memory of the ${who}`, unit: 'bytes', samples: [memory[index]!] },
          ] satisfies Series[];
        });
    },
  };
}
