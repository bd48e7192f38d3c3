import { describe, expect, it } from 'vitest';
import { declaredStrategy, strategyFrom } from '../../../src/schema/policies.ts';
import { defineSchema } from '../../../src/schema/schema.ts';
import { syncOrder } from '../../../src/schema/tables.ts';

const chosen = (settings: Readonly<Record<string, unknown>>) =>
  strategyFrom(Object.entries(settings).map(([key, value]) => ({ key, value: JSON.stringify(value) })));

describe('the strategy of a conflict', () => {
  it('is the later change where nothing is chosen, for every table and for unknown ones', () => {
    for (const table of [...syncOrder, 'of_a_later_version']) {
      expect(declaredStrategy(table, '')).toBe('latest_timestamp');
      expect(strategyFrom([])(table, 'note')).toBe('latest_timestamp');
    }
  });

  it('is what was chosen for all, for the table, for the column: the narrower wins', () => {
    const strategy = chosen({
      conflict: 'manual_review',
      'conflict.vocabulary_item': 'server_wins',
      'conflict.vocabulary_item.note': 'local_wins',
    });
    expect(strategy('document', 'title')).toBe('manual_review');
    expect(strategy('vocabulary_item', 'translation')).toBe('server_wins');
    expect(strategy('vocabulary_item', '')).toBe('server_wins');
    expect(strategy('vocabulary_item', 'note')).toBe('local_wins');
  });

  it('can be the usual one for one table alone', () => {
    const strategy = chosen({ conflict: 'local_wins', 'conflict.setting': 'latest_timestamp' });
    expect(strategy('setting', 'value')).toBe('latest_timestamp');
    expect(strategy('profile', 'display_name')).toBe('local_wins');
  });

  it('is the usual one beside choices for others', () => {
    expect(chosen({ 'conflict.setting': 'local_wins' })('profile', 'display_name')).toBe('latest_timestamp');
  });

  it.each([
    ['an unknown one', '"newest_phase_of_moon"'],
    ['none', 'null'],
    ['of another kind', '3'],
    ['no JSON', 'local_wins'],
    ['a name that every object has', '"constructor"'],
  ])('ignores a choice that is %s', (_, value) => {
    expect(strategyFrom([{ key: 'conflict', value }])('profile', 'display_name')).toBe('latest_timestamp');
  });

  it('is the declared one, without more ado, where no choice says anything', () => {
    expect(strategyFrom([])).toBe(declaredStrategy);
    expect(strategyFrom([{ key: 'conflict', value: '"newest_phase_of_moon"' }])).toBe(declaredStrategy);
  });

  it('ignores settings about other things', () => {
    const settings = [{ key: 'conflicts', value: '"local_wins"' }];
    expect(strategyFrom(settings)('profile', 'display_name')).toBe('latest_timestamp');
  });

  it('asks nobody about what nobody typed', () => {
    const strategy = chosen({ conflict: 'manual_review' });
    expect(strategy('vocabulary_item', 'due_at')).toBe('latest_timestamp');
    expect(strategy('vocabulary_item', 'note')).toBe('manual_review');
    expect(strategy('vocabulary_item', '')).toBe('manual_review');
    // Nor about what only a newer version knows: it may be such.
    expect(strategy('of_a_later_version', 'any')).toBe('latest_timestamp');
    expect(strategy('vocabulary_item', 'of_a_later_version')).toBe('latest_timestamp');
    expect(chosen({ conflict: 'server_wins' })('vocabulary_item', 'due_at')).toBe('server_wins');
  });

  it('is the later change for decisions themselves, whatever is chosen', () => {
    const strategy = chosen({ conflict: 'server_wins', 'conflict.conflict': 'manual_review' });
    expect(strategy('conflict', 'state')).toBe('latest_timestamp');
    expect(chosen({ 'conflict.conflict': 'local_wins' })('conflict', 'state')).toBe('latest_timestamp');
  });
});

it('goes by the schema that is given', () => {
  const schema = defineSchema({
    tables: { sticker: { priority: 1, conflict: 'server_wins', columns: { shape: { type: 'text', maxLength: 9 } } } },
    steps: [],
  });
  expect(strategyFrom([], schema)('sticker', 'shape')).toBe('server_wins');
  const asked = strategyFrom([{ key: 'conflict', value: '"manual_review"' }], schema);
  expect([asked('sticker', 'shape'), asked('sticker', 'colour'), asked('setting', 'value')]).toEqual([
    'manual_review',
    'latest_timestamp',
    'latest_timestamp',
  ]);
});
