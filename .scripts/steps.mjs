/**
 * The steps of `npm run verify` and `npm test`. A checker counts as one test; a test runner counts its tests, taken from
 * its JSON report. The tests in Node are run once, with coverage, which is compared with its floors as a check of its own.
 * A runner that fails without a failed test (a file that does not load, a crash) counts as one failure.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { build } from './build.mjs';
import { coverageHolds, coverageOptions } from './coverage.mjs';
import { inRepository, runTool } from './repository.mjs';

/** @typedef {{ passed: number, failed: number }} Count */
/** @typedef {{ name: string, run: () => Count }} Step */

/** @type {readonly Step[]} */
export const checks = [
  checker('types', () => runTool('tsc', ['-b'])),
  checker('components', () =>
    runTool('svelteCheck', ['--tsconfig', 'src/ui/tsconfig.json', '--fail-on-warnings', '--output', 'human']),
  ),
  checker('lint', () => runTool('eslint', ['--config', '.config/eslint.config.js', '--max-warnings=0', '.'])),
  checker('format', () => runTool('prettier', ['--check', '--log-level=warn', '.'])),
  checker('dependency rules', () => runTool('depcruise', ['--config', '.dependency-cruiser.cjs', 'src', 'tests'])),
  checker('unused code', () => runTool('knip', ['--config', '.config/knip.json'])),
];

/**
 * @param {string | null} browser path of the Chromium to test with
 * @returns {readonly Step[]}
 */
export function tests(browser) {
  return [
    { name: 'tests in Node', run: vitest },
    checker('coverage', coverageHolds),
    checker('build', build),
    { name: 'tests in the browser', run: () => (browser ? playwright(browser) : { passed: 0, failed: 1 }) },
  ];
}

/**
 * Runs every step, whatever the ones before did, and ends with the sum. Returns whether all passed.
 * @param {readonly Step[]} steps
 */
export function runSteps(steps) {
  const results = steps.map(({ name, run }) => {
    console.log(`\n── ${name}`);
    const started = Date.now();
    const count = run();
    return { name, ...count, seconds: (Date.now() - started) / 1000 };
  });
  console.log('\n── summary');
  for (const { name, passed, failed, seconds } of results) {
    console.log(`${failed ? '✗' : '✓'} ${name}: ${passed} passed, ${failed} failed (${seconds.toFixed(1)} s)`);
  }
  const sum = (/** @type {'passed' | 'failed'} */ key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  return sum('failed') === 0;
}

/**
 * @param {string} name
 * @param {() => boolean} check
 * @returns {Step}
 */
function checker(name, check) {
  return { name, run: () => (check() ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }) };
}

function vitest() {
  const file = freshReport('vitest');
  const succeeded = runTool(
    'vitest',
    [
      'run',
      '--config=.config/vitest.config.ts',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      ...coverageOptions(freshReport('coverage/coverage-summary')),
    ],
    { COVERAGE_COMPARED_LATER: '1' },
  );
  const report = readReport(file);
  return settle(succeeded, { passed: report?.numPassedTests ?? 0, failed: report?.numFailedTests ?? 0 });
}

/** @param {string} browser */
function playwright(browser) {
  const file = freshReport('playwright');
  const succeeded = runTool('playwright', ['test', '--config=.config/playwright.config.ts', '--reporter=list,json'], {
    CHROMIUM: browser,
    PLAYWRIGHT_JSON_OUTPUT_FILE: file,
    PLAYWRIGHT_FORCE_TTY: '0',
  });
  const stats = readReport(file)?.stats;
  // Retries are off, so "flaky" stays 0; should that change, a flaky test is a failed one.
  return settle(succeeded, { passed: stats?.expected ?? 0, failed: (stats?.unexpected ?? 0) + (stats?.flaky ?? 0) });
}

/**
 * @param {boolean} succeeded
 * @param {Count} count
 * @returns {Count}
 */
function settle(succeeded, { passed, failed }) {
  return { passed, failed: succeeded || failed > 0 ? failed : 1 };
}

/** @param {string} runner */
function freshReport(runner) {
  const file = inRepository(`.cache/reports/${runner}.json`);
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
  return file;
}

/** @param {string} file */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}
