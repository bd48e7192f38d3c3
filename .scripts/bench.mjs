/**
 * `npm run bench`: builds the app with the benchmark's pages into `.cache/bench` and runs it. See docs/benchmarks.md. One at
 * a time: two would spoil each other's figures and files.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureInstalled } from './install.mjs';
import { checkNodeVersion } from './node-version.mjs';
import { inRepository, runTool } from './repository.mjs';

checkNodeVersion();
ensureInstalled();
const { findChromium, howToGetChromium } = await import('./browser.mjs');
if (!findChromium()) {
  console.error(howToGetChromium);
  process.exit(1);
}
await untilAlone(inRepository('.cache/bench/process'));
const config = ['--config', 'tests/bench/vite.config.ts', '--logLevel=error'];
for (const mode of ['pages', 'production', 'server']) {
  if (!runTool('vite', ['build', ...config, `--mode=${mode}`])) process.exit(1);
}
const { runnerImport } = await import('vite');
const { module } = await runnerImport(inRepository('tests/bench/run.ts'), { configFile: false, logLevel: 'error' });
process.exit(await module.runBenchmark(process.argv.slice(2)));

/** @param {string} file holds the id of the process whose turn it is */
async function untilAlone(file) {
  for (let said = false; isRunning(file); said = true) {
    if (!said) console.log('Another benchmark is running: waiting for its end …');
    await pause(1_000);
  }
  mkdirSync(inRepository('.cache/bench'), { recursive: true });
  writeFileSync(file, String(process.pid));
}

/** @param {string} file */
function isRunning(file) {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return true;
  } catch {
    return false; // No such file, or no such process.
  }
}
