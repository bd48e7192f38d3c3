import { describe, expect, it } from 'vitest';
import { strategyFrom } from '../../../src/schema/policies.ts';
import { columnsOf } from '../../../src/schema/tables.ts';
import { choiceIn, choiceKey, choiceValue, kinds, ways } from '../../../src/ui/state/disagreement.ts';

describe('a choice of what happens when two devices disagree', () => {
  it.each(ways)('is stored so that the server understands it: $label', ({ strategy }) => {
    const stored = [{ key: choiceKey('document'), value: choiceValue(strategy) }];
    expect(choiceIn(stored, choiceKey('document'))).toBe(strategy);
    expect(strategyFrom(stored)('document', 'title')).toBe(strategy);
  });

  it('is for everything, for a kind of data or for a part of it', () => {
    const stored = [
      { key: choiceKey(), value: choiceValue('server_wins') },
      { key: choiceKey('vocabulary_item'), value: choiceValue('local_wins') },
      { key: choiceKey('vocabulary_item', 'note'), value: choiceValue('manual_review') },
    ];
    const strategy = strategyFrom(stored);
    expect(strategy('document', 'title')).toBe('server_wins');
    expect(strategy('vocabulary_item', 'word')).toBe('local_wins');
    expect(strategy('vocabulary_item', 'note')).toBe('manual_review');
  });

  it('taken back leaves it to the wider one', () => {
    const stored = [
      { key: choiceKey(), value: choiceValue('server_wins') },
      { key: choiceKey('profile'), value: choiceValue('') },
    ];
    expect(choiceIn(stored, choiceKey('profile'))).toBe('');
    expect(strategyFrom(stored)('profile', 'display_name')).toBe('server_wins');
  });

  it('of a later version shows as none', () => {
    expect(choiceIn([{ key: 'conflict', value: '"coin_toss"' }], choiceKey())).toBe('');
  });

  it('is offered for parts that exist', () => {
    for (const { table, parts } of kinds) for (const { column } of parts) expect(columnsOf(table)).toContain(column);
  });
});
