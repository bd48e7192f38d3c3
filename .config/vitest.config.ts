/** Tests that run in Node: a project a kind, so that one kind can be run alone (`--project unit`). */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const kinds = ['unit', 'property', 'simulation', 'conformance', 'contract', 'integration'];
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
    projects: kinds.map((kind) => ({
      extends: true,
      test: { name: kind, include: [`tests/${kind}/**/*.test.ts`] },
    })),
    coverage: {
      provider: 'v8',
      reportsDirectory: 'coverage',
      reporter: ['text', 'html'],
      include: ['src/sync/**/*.ts', 'src/schema/**/*.ts', 'src/protocol/**/*.ts'],
      thresholds: { 100: true },
    },
  },
});
