/**
 * The tests that mutants are run against: those that say what the engine, the schema and the protocol do, and are fast. One
 * project, since StrykerJS picks the tests of a mutant itself.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  cacheDir: '.cache/vitest-mutation',
  test: {
    environment: 'node',
    testTimeout: 30_000,
    include: ['tests/unit/{sync,schema,protocol}/**/*.test.ts'],
    exclude: [
      // Loads every file inside a test: to StrykerJS that test then covers all that runs as a file is loaded, and it runs
      // such mutants against that test alone, after the file was loaded. All of them seem to survive.
      'tests/unit/sync/loads.test.ts',
      // Whole syncs: too slow to run for each of a thousand mutants.
      'tests/unit/sync/scenarios-*.test.ts',
    ],
  },
});
