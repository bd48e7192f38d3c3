/** `npm run bench:server`: builds the server into `.cache/bench` and puts load on it. See docs/benchmarks.md. */
import { untilAlone } from './alone.mjs';
import { ensureInstalled } from './install.mjs';
import { checkNodeVersion } from './node-version.mjs';
import { inRepository, runTool } from './repository.mjs';

checkNodeVersion();
ensureInstalled();
await untilAlone();
if (!runTool('vite', ['build', '--config', 'tests/bench/vite.config.ts', '--logLevel=error', '--mode=server']))
  process.exit(1);
const { runnerImport } = await import('vite');
const { module } = await runnerImport(inRepository('tests/bench/server/run.ts'), {
  configFile: false,
  logLevel: 'error',
});
process.exit(await module.runServerBenchmark(process.argv.slice(2)));
