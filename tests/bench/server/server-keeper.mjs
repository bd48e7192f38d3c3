/**
 * A process that outlives the benchmark by a moment: when its standard input ends, which it does when the benchmark is gone,
 * however that went, it kills the servers that still run and removes their files. It takes lines of a word and a number or a
 * path: `started PID`, `ended PID`, `files PATH`.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** @type {Set<number>} */
const running = new Set();
/** @type {string[]} */
const files = [];

// A Ctrl-C reaches every process of the terminal; the end of the input tells this one.
process.on('SIGINT', () => undefined);
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const [word, what] = /** @type {[string, string]} */ (line.split(/ (.*)/s));
  if (word === 'started') running.add(Number(what));
  if (word === 'ended') running.delete(Number(what));
  if (word === 'files') files.push(what);
});
lines.on('close', () => {
  for (const pid of running) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  for (const path of files) rmSync(path, { recursive: true, force: true });
});
