import { inRepository } from './repository.mjs';
const { runnerImport } = await import('vite');
const { module } = await runnerImport(inRepository('tests/simulation/main.ts'), { configFile: false, logLevel: 'error' });
process.exit(await module.runSeeds(process.argv.slice(2)));
