import { expect, it } from 'vitest';
import type { AppliedTable } from '../../../src/sync/ports.ts';
import { addApplied, addErrors, addUnread, totalOf } from '../../../src/sync/tally.ts';

const some: AppliedTable = {
  ...{ sent: 2, received: 3, failed: 1, conflicts: 1 },
  ...{ errors: [{ code: 'invalid_value', detail: 'word' }], duration: 4, bytes: 100 },
};

it('adds up round after round, by table and in total', () => {
  const once = addApplied({}, { tables: { review: some }, more: false });
  const twice = addApplied(once, {
    tables: { review: some, setting: { ...some, failed: 0, errors: [] } },
    more: false,
  });
  expect(twice).toEqual({
    review: {
      ...{ processed: 10, succeeded: 8, failed: 2, conflicts: 2 },
      ...{ errors: some.errors, duration: 8, bytes: 200 },
    },
    setting: {
      ...{ processed: 5, succeeded: 5, failed: 0, conflicts: 1 },
      ...{ errors: [], duration: 4, bytes: 100 },
    },
  });
  expect(totalOf(twice)).toEqual({ processed: 15, succeeded: 13, failed: 2, conflicts: 3 });
});

it('counts what could not be read as tried and failed', () => {
  const errors = [{ code: 'storage_failed' as const }];
  expect(addUnread({}, { review: { count: 2, errors } })).toMatchObject({
    review: { processed: 2, succeeded: 0, failed: 2, errors },
  });
});

it('keeps each kind of error once, and a few', () => {
  const errors = Array.from({ length: 9 }, (_, index) => ({ code: 'storage_failed' as const, detail: `row ${index}` }));
  const sum = addErrors(addErrors([], errors), [...errors, { code: 'storage_failed', detail: 'row 0' }]);
  expect(sum.map(({ detail }) => detail)).toEqual(['row 0', 'row 1', 'row 2', 'row 3', 'row 4']);
});

it('tells errors apart by code and by detail', () => {
  const full = { code: 'storage_full' as const, detail: 'row 0' };
  const failed = { code: 'storage_failed' as const, detail: 'row 0' };
  const bare = { code: 'storage_failed' as const };
  expect(addErrors([full], [failed, bare, full])).toEqual([full, failed, bare]);
});
