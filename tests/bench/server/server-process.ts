/** The server under load: a process of its own, its CPU time and memory read from the system. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../../../src/base/assert.ts';
import type { Keeper } from './keeper.ts';

const built = join(import.meta.dirname, '../../../.cache/bench');

export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** The server, or the bare one that it is measured against. */
export type ServerEntry = 'main' | 'bare-server';

export interface ServerStart {
  /** Where the data is: `LORIKEET_DATA` or `DATABASE_URL`. */
  readonly store: Readonly<Record<string, string>>;
  readonly entry: ServerEntry;
  readonly keeper: Keeper;
}

export async function startServer({ store, entry, keeper }: ServerStart): Promise<ServerProcess> {
  // The load is about the API: a page has to be there, whichever.
  mkdirSync(join(built, 'app'), { recursive: true });
  writeFileSync(join(built, 'app/index.html'), '<!doctype html><title>Lorikeet</title>', { flag: 'a' });
  const child = spawn(process.execPath, [join(built, `server/${entry}.js`)], {
    env: {
      ...{ PATH: process.env['PATH'], PORT: '0', LOG_LEVEL: 'warn' },
      // Every simulated person has an address of its own, told as a proxy would, and is faster than any person.
      ...{ TRUST_PROXY: 'loopback', SYNCS_PER_MINUTE: '100000000' },
      ...store,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  keeper.started(child.pid!);
  child.once('exit', () => keeper.ended(child.pid!));
  const url = await addressOf(child);
  return {
    url,
    pid: child.pid!,
    async stop(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await once(child, 'exit');
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const found = /http:\/\/localhost:\d+/.exec(output)?.[0];
      if (found) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`The server ended with ${code} before it listened.`)));
  });
}

/** Of a process and those that it started: seconds of CPU so far, bytes of memory now. Null where /proc is missing. */
export function usageOf(pid: number): { readonly cpuSeconds: number; readonly memory: number } | null {
  try {
    const all = familyOf(pid).map(usageOfOne);
    return {
      cpuSeconds: all.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      memory: all.reduce((sum, { memory }) => sum + memory, 0),
    };
  } catch {
    return null;
  }
}

const ticksPerSecond = 100;

function usageOfOne(pid: number): { cpuSeconds: number; memory: number } {
  const [utime, stime] = fieldsOf(pid).slice(11, 13).map(Number);
  // Proportional: memory that several processes share is counted once.
  const resident = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
  return { cpuSeconds: (utime! + stime!) / ticksPerSecond, memory: Number(resident ?? 0) * 1_024 };
}

function familyOf(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [[Number(name), Number(fieldsOf(Number(name))[1])] as const];
      } catch {
        return []; // It ended while we looked.
      }
    });
  const family = [pid];
  // It grows while it is gone through.
  for (const parent of family) family.push(...parents.filter(([, of]) => of === parent).map(([child]) => child));
  return family;
}

/** Of /proc/PID/stat, from the state on: what stands before may hold spaces. */
function fieldsOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  assert(fields.length > 20, 'a process has its figures');
  return fields;
}
