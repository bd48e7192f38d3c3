/** `npm run bench`: builds the app with the benchmark's pages into `.cache/bench` and runs it. See docs/benchmarks.md. */
import { untilAlone } from './alone.mjs';
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
await untilAlone();
const config = ['--config', 'tests/bench/vite.config.ts', '--logLevel=error'];
for (const mode of ['pages', 'production', 'server']) {
  if (!runTool('vite', ['build', ...config, `--mode=${mode}`])) process.exit(1);
}
const { runnerImport } = await import('vite');
const { module } = await runnerImport(inRepository('tests/bench/run.ts'), { configFile: false, logLevel: 'error' });
process.exit(await module.runBenchmark(process.argv.slice(2)));
