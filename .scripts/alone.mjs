/** One benchmark at a time: two would spoil each other's figures and files. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { inRepository } from './repository.mjs';

/** None takes as long. Milliseconds. What one left behind that was killed must not stand for a process that has its number. */
const longest = 3_600_000;

/** Resolves when no other benchmark runs in this checkout. */
export async function untilAlone() {
  const file = inRepository('.cache/bench/process');
  for (let said = false; isRunning(file); said = true) {
    if (!said) console.log('Another benchmark is running: waiting for its end …');
    await pause(1_000);
  }
  mkdirSync(inRepository('.cache/bench'), { recursive: true });
  writeFileSync(file, String(process.pid));
  process.on('exit', () => rmSync(file, { force: true }));
}

/** @param {string} file */
function isRunning(file) {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return Date.now() - statSync(file).mtimeMs < longest;
  } catch {
    return false; // No such file, or no such process.
  }
}
