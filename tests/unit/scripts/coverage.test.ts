/** The coverage that `npm test` counts as a check: nothing that was not measured passes. */
import { expect, it } from 'vitest';
import { coverageFaults } from '../../../.scripts/coverage.mjs';

const floors = { 'src/sync': { statements: 100, branches: 90 } };
const file = (statements: [number, number], branches: [number, number]) => ({
  statements: { covered: statements[0], total: statements[1] },
  branches: { covered: branches[0], total: branches[1] },
});

it('passes when every floor is kept, whatever other folders have', () => {
  const summary = {
    '/home/app/src/sync/a.ts': file([4, 4], [9, 10]),
    '/home/app/src/sync/types.ts': file([0, 0], [0, 0]),
    '/home/app/src/other/b.ts': file([0, 9], [0, 9]),
  };
  expect(coverageFaults(summary, floors)).toEqual([]);
});

it('names the folder, the share and the files where something is missing', () => {
  const summary = { '/app/src/sync/a.ts': file([3, 4], [9, 10]), '/app/src/sync/b.ts': file([4, 4], [1, 1]) };
  expect(coverageFaults(summary, floors)).toEqual([
    'src/sync: 87.50 % of statements, 100 % are due. See /app/src/sync/a.ts.',
  ]);
});

it('is not rounded up', () => {
  const summary = { '/app/src/sync/a.ts': file([99_999, 100_000], [9, 10]) };
  expect(coverageFaults(summary, floors)).toHaveLength(1);
});

it('fails when nothing was measured, of all or of a folder', () => {
  expect(coverageFaults(null, floors)).toEqual(['No coverage was measured.']);
  expect(coverageFaults({ '/app/src/other/b.ts': file([9, 9], [9, 9]) }, floors)).toEqual([
    'src/sync: no file was measured.',
  ]);
  expect(coverageFaults({ '/app/src/sync/types.ts': file([0, 0], [0, 0]) }, floors)).not.toEqual([]);
});

it('reads paths of Windows too', () => {
  expect(coverageFaults({ 'C:\\app\\src\\sync\\a.ts': file([4, 4], [9, 10]) }, floors)).toEqual([]);
});
