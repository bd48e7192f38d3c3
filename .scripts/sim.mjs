/** `npm run sim`: the deterministic simulation. With many seeds, one process a core. Options: docs/simulation.md. */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureInstalled } from './install.mjs';
import { checkNodeVersion } from './node-version.mjs';
import { inRepository } from './repository.mjs';

const args = process.argv.slice(2);
if (process.send) {
  process.send(await runHere(args));
  process.disconnect();
} else {
  checkNodeVersion();
  ensureInstalled();
  process.exit((await run()) ? 0 : 1);
}

async function run() {
  const { values, tokens } = parseArgs({ args, strict: false, tokens: true, options: { seeds: { type: 'string' } } });
  const seeds = Number(values.seeds ?? 100);
  const started = Date.now();
  const alone = tokens.some((token) => token.kind === 'option' && token.name === 'seed');
  const tallies = alone ? [await runHere(args)] : await Promise.all(share(seeds));
  const ran = tallies.reduce((sum, tally) => sum + tally.ran, 0);
  const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
  console.log(`${ran} runs, ${failed} failed, ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return failed === 0;
}

/**
 * Every process takes each n-th seed.
 * @param {number} seeds
 */
function share(seeds) {
  const { values } = parseArgs({ args, strict: false, options: { from: { type: 'string' } } });
  const first = Number(values.from ?? 1);
  const processes = Math.min(availableParallelism(), Math.max(1, Math.floor(seeds / 20)));
  return Array.from({ length: processes }, (_, index) => {
    const count = Math.floor((seeds - index - 1) / processes) + 1;
    return inChild(['--seeds', `${count}`, '--from', `${first + index}`, '--stride', `${processes}`]);
  });
}

/**
 * @param {readonly string[]} more
 * @returns {Promise<{ ran: number, failed: number }>}
 */
function inChild(more) {
  return new Promise((resolve) => {
    let tally = { ran: 0, failed: 1 };
    const child = fork(fileURLToPath(import.meta.url), [...args, ...more]);
    child.on('message', (message) => {
      tally = /** @type {typeof tally} */ (message);
    });
    // A process that ends without a word has failed.
    child.on('exit', () => resolve(tally));
  });
}

/**
 * @param {readonly string[]} what
 * @returns {Promise<{ ran: number, failed: number }>}
 */
async function runHere(what) {
  const { runnerImport } = await import('vite');
  const file = inRepository('tests/simulation/main.ts');
  const { module } = await runnerImport(file, { configFile: false, logLevel: 'error' });
  return module.runSeeds(what);
}
