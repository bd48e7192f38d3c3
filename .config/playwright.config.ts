/**
 * End-to-end tests in real Chromium. A test makes its own server, network and devices (tests/e2e/world.ts); a device is a
 * browser profile of its own. No retries: a flaky test is a defect.
 */
import { defineConfig } from '@playwright/test';
import type { WorldOptions } from '../tests/e2e/world.ts';

export default defineConfig<WorldOptions>({
  testDir: '../tests/e2e',
  outputDir: '../test-results',
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: Boolean(process.env['CI']),
  // Twice what the longest take on two slow, busy cores.
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  projects: [
    { name: 'desktop', use: { deviceKind: 'desktop' }, testIgnore: 'bfcache/**' },
    { name: 'phone', use: { deviceKind: 'phone' }, testMatch: 'points/**' },
    {
      name: 'bfcache',
      use: { deviceKind: 'desktop', backForwardCache: true },
      testMatch: ['points/**', 'bfcache/**'],
      // Of each point, not every test of it: that would take minutes and show no more of the cache.
      grep: /@point|bfcache\//,
    },
  ],
});
