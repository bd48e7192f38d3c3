/**
 * Tests that Vitest runs: a project a kind, so that one kind can be run alone (`--project unit`). All run in Node but those
 * of `browser`, which start real browsers.
 */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { coverageFloors } from './coverage.js';

const kinds = ['unit', 'property', 'simulation', 'conformance', 'contract', 'integration', 'browser'];
/** Their tests may ask for a PostgreSQL, which starts only then. */
const withPostgres = new Set(['conformance', 'integration']);
const folders = Object.keys(coverageFloors);
const root = fileURLToPath(new URL('..', import.meta.url));

export default defineConfig({
  root,
  cacheDir: '.cache/vitest',
  plugins: [svelte({ configFile: false })],
  // Runes in *.svelte.ts run as in a page; the server build of Svelte has no effects.
  resolve: { conditions: ['browser'] },
  test: {
    environment: 'node',
    // A simulation or a server on a small machine; a test that hangs still ends.
    testTimeout: 30_000,
    // A worker for each core of the smallest machine that runs them. Files of one worker share what they import, which is
    // half the time of most; so no test changes a module or a global for good.
    maxWorkers: 2,
    isolate: false,
    projects: kinds.map((kind) => ({
      extends: true,
      test: {
        name: kind,
        include: [`tests/${kind}/**/*.test.ts`],
        ...(withPostgres.has(kind) ? { globalSetup: 'tests/support/postgres-setup.ts' } : {}),
      },
    })),
    coverage: {
      provider: 'v8',
      reportsDirectory: 'coverage',
      reporter: ['text', 'html'],
      include: folders.map((folder) => `${folder}/**/*.ts`),
      // `npm test` compares by itself (.scripts/coverage.mjs): what is not covered is no failed test.
      thresholds: process.env['COVERAGE_COMPARED_LATER']
        ? {}
        : Object.fromEntries(Object.entries(coverageFloors).map(([folder, floor]) => [`${folder}/**`, floor])),
    },
  },
});
