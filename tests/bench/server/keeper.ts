/** Sees to it that no server and no file of the benchmark is left, also when the benchmark is killed (server-keeper.mjs). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Keeper {
  started(pid: number): void;
  ended(pid: number): void;
  /** To be removed in the end: a file or a directory. */
  files(path: string): void;
  /** Kills and removes what is left. */
  close(): Promise<void>;
}

export function startKeeper(): Keeper {
  const keeper = spawn(process.execPath, [join(import.meta.dirname, 'server-keeper.mjs')], {
    stdio: ['pipe', 'inherit', 'inherit'],
    // A signal to the benchmark's group is not meant for it.
    detached: true,
  });
  const say = (word: string, what: number | string): void => void keeper.stdin.write(`${word} ${what}\n`);
  return {
    started: (pid) => say('started', pid),
    ended: (pid) => say('ended', pid),
    files: (path) => say('files', path),
    async close() {
      const gone = once(keeper, 'exit');
      keeper.stdin.end();
      await gone;
    },
  };
}
