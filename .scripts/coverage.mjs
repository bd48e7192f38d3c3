/**
 * Compares what the tests in Node ran with the floors of `.config/coverage.js`. Whatever makes the figures doubtful fails:
 * no summary, a folder without a file, a floor that nobody keeps.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { coverageFloors } from '../.config/coverage.js';
import { inRepository } from './repository.mjs';

/** @typedef {{ total: number, covered: number }} Share */
/** @typedef {Record<string, Record<'statements' | 'branches', Share>>} Summary */

const summaryFile = inRepository('.cache/reports/coverage/coverage-summary.json');

/**
 * What vitest is told, so that it leaves the summary behind even when a test fails: that is counted by itself.
 * @param {string} file the summary's path
 */
export function coverageOptions(file) {
  return [
    '--coverage.enabled',
    '--coverage.reporter=json-summary',
    `--coverage.reportsDirectory=${dirname(file)}`,
    '--coverage.reportOnFailure',
  ];
}

/** Prints each folder's share. True when every floor is kept. */
export function coverageHolds() {
  const faults = coverageFaults(readSummary());
  for (const fault of faults) console.error(fault);
  return faults.length === 0;
}

/**
 * @param {Summary | null} summary by file, absolute paths
 * @param {typeof coverageFloors} floors
 * @returns {string[]} a sentence a fault
 */
export function coverageFaults(summary, floors = coverageFloors) {
  if (!summary) return ['No coverage was measured.'];
  return Object.entries(floors).flatMap(([folder, floor]) => {
    const files = Object.entries(summary).filter(([file]) => file.replaceAll('\\', '/').includes(`/${folder}/`));
    if (files.length === 0) return [`${folder}: no file was measured.`];
    return /** @type {const} */ (['statements', 'branches']).flatMap((kind) => {
      const share = percent(files.map(([, shares]) => shares[kind]));
      console.log(`${folder}: ${share.toFixed(2)} % of ${kind}`);
      if (share >= floor[kind]) return [];
      const gaps = files.filter(([, shares]) => shares[kind].covered < shares[kind].total).map(([file]) => file);
      return [`${folder}: ${share.toFixed(2)} % of ${kind}, ${floor[kind]} % are due. See ${gaps.join(', ')}.`];
    });
  });
}

/** @param {readonly Share[]} shares */
function percent(shares) {
  const total = shares.reduce((sum, share) => sum + share.total, 0);
  const covered = shares.reduce((sum, share) => sum + share.covered, 0);
  return total === 0 ? 0 : (100 * covered) / total;
}

/** @returns {Summary | null} */
function readSummary() {
  try {
    return JSON.parse(readFileSync(summaryFile, 'utf8'));
  } catch {
    return null;
  }
}
