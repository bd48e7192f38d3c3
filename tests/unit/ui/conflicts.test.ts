import { describe, expect, it } from 'vitest';
import type { ConflictRow } from '../../../src/client/db/api.ts';
import { decide, reopen } from '../../../src/ui/state/conflict-decision.ts';
import { viewConflict } from '../../../src/ui/state/conflict-view.ts';
import { durationWords, statisticsWords } from '../../../src/ui/state/sync-statistics.ts';
import { Toasts } from '../../../src/ui/state/toasts.svelte.ts';
import { FakeLocalDatabase } from '../../support/fake-local-database.ts';

const open: ConflictRow = {
  id: 'c',
  table_name: 'vocabulary_item',
  row_id: 'w',
  column_name: 'translation',
  strategy: 'manual_review',
  base_value: '"hello"',
  kept_value: '"hi"',
  lost_value: '"hey"',
  lost_device: 'phone',
  state: 'open',
  decided_at: 1,
  present: 1,
  current_value: '"hi"',
  subject: 'hola',
};
const gone = { present: 0, current_value: null, subject: null, kept_value: 'null' } as const;
const deletion = {
  column_name: '',
  base_value: 'null',
  lost_value: 'null',
  kept_value: '{"note":"x"}',
  current_value: null,
};
const choices = (parts: Partial<ConflictRow>, device = 'phone') =>
  viewConflict({ ...open, ...parts }, device).choices.map(({ about, words, label, resolution }) => [
    about,
    words,
    label,
    resolution,
  ]);

describe('a conflict as a person reads it', () => {
  it('says what it is about, what was before, and offers both values and one of their own', () => {
    expect(viewConflict(open, 'phone')).toMatchObject({
      title: 'Word “hola”',
      part: 'translation',
      before: 'hello',
      story: null,
      own: { text: 'hi', maxLength: 400 },
    });
    expect(choices({})).toEqual([
      ['Stands now', 'hi', 'Keep this', { choice: 'kept' }],
      ['From this device', 'hey', 'Use this', { choice: 'lost' }],
    ]);
    expect(choices({}, 'laptop')[1]?.[0]).toBe('From another device');
  });

  it('offers what was typed since, as what stands, and what stood at first', () => {
    expect(choices({ current_value: '"good day"' })).toEqual([
      ['Stands now', 'good day', 'Keep this', { choice: 'edited', value: 'good day' }],
      ['Stood at first', 'hi', 'Use this', { choice: 'kept' }],
      ['From this device', 'hey', 'Use this', { choice: 'lost' }],
    ]);
  });

  it('decided by rule, offers the value that gave way', () => {
    expect(choices({ state: 'decided' })).toEqual([['From this device', 'hey', 'Use this', { choice: 'lost' }]]);
    expect(choices({ state: 'decided', current_value: '"hey"' })).toEqual([
      ['Stood at first', 'hi', 'Use this', { choice: 'kept' }],
    ]);
  });

  it('decided by the person, shows the values and offers nothing but to decide again', () => {
    const view = viewConflict({ ...open, state: 'resolved', current_value: '"hey"' }, 'phone');
    expect(view.own).toBeNull();
    expect(view.choices.map(({ about, words, resolution }) => [about, words, resolution])).toEqual([
      ['Stands now', 'hey', null],
      ['Stood at first', 'hi', null],
    ]);
  });

  it('about a deleted entry, offers to bring it back or to leave it', () => {
    expect(viewConflict({ ...open, ...gone }, 'phone')).toMatchObject({ title: 'Word', own: null });
    expect(choices(gone)).toEqual([
      ['From this device', 'hey', 'Bring back', { choice: 'lost' }],
      ['', null, 'Leave it deleted', { choice: 'edited', value: null }],
    ]);
    expect(choices({ ...gone, state: 'decided' })).toHaveLength(1);
  });

  it('about a deletion that lost, offers to keep the entry or to delete it after all', () => {
    const view = viewConflict({ ...open, ...deletion }, 'phone');
    expect(view).toMatchObject({ title: 'Word “hola”', part: null, before: null, own: null });
    expect(view.story).toMatch(/still here/);
    expect(choices(deletion).map((choice) => choice[3])).toEqual([{ choice: 'kept' }, { choice: 'lost' }]);
    expect(choices({ ...deletion, state: 'decided' }).map((choice) => choice[2])).toEqual(['Delete it after all']);
    expect(choices({ ...deletion, state: 'decided', present: 0 }).map((choice) => choice[2])).toEqual([
      'Bring it back',
    ]);
    const deleted = {
      ...deletion,
      state: 'resolved',
      present: 0,
      subject: null,
      kept_value: '{"word":"hola"}',
    } as const;
    expect(viewConflict({ ...open, ...deleted }, 'phone').title).toBe('Word “hola”');
  });

  it('names settings and languages in words', () => {
    const setting = { table_name: 'setting', column_name: 'value', subject: 'daily_goal', kept_value: '"30"' };
    const view = viewConflict({ ...open, ...setting, current_value: '"30"', lost_value: '"\\"x\\""' }, 'phone');
    expect(view).toMatchObject({ title: 'Cards a day', part: null, own: null });
    expect(view.choices.map(({ words }) => words)).toEqual(['30', 'x']);
    const profile = { table_name: 'profile', column_name: 'target_language', subject: 'Ana', current_value: '"es"' };
    expect(viewConflict({ ...open, ...profile, kept_value: '"es"' }, 'phone')).toMatchObject({ title: 'Profile' });
    expect(choices({ ...profile, kept_value: '"es"' })[0]?.[1]).toBe('Spanish');
  });
});

describe('deciding', () => {
  it('is undone with the value from before', async () => {
    const { ports, database, toasts } = world();
    expect(await decide(ports, open, { choice: 'lost' })).toBe(true);
    expect(database.resolutions).toEqual([{ id: 'c', choice: 'lost', at: 7 }]);
    toasts.current?.action?.run();
    expect(database.reopenings).toEqual([{ id: 'c', value: 'hi' }]);
  });

  it.each([
    ['a row that it brought back', { ...open, ...gone }, { choice: 'lost' }, { id: 'c', value: null }],
    ['nothing where it was left deleted', { ...open, ...gone }, { choice: 'edited', value: null }, { id: 'c' }],
    ['a deletion, by the database', { ...open, ...deletion }, { choice: 'lost' }, { id: 'c' }],
  ] as const)('undoes %s', async (_, row, resolution, reopening) => {
    const { ports, database, toasts } = world();
    await decide(ports, row, resolution);
    toasts.current?.action?.run();
    expect(database.reopenings).toEqual([reopening]);
  });

  it('offers no way back where messages went along', async () => {
    const { ports, toasts } = world();
    await decide(ports, { ...open, ...deletion, table_name: 'conversation' }, { choice: 'lost' });
    expect(toasts.current).toMatchObject({ words: 'It is deleted.' });
    expect(toasts.current?.action).toBeUndefined();
  });

  it('says when it could not be kept, and when too little is known', async () => {
    const { ports, database, toasts } = world();
    database.failure = { code: 'storage_full', detail: '' };
    expect(await decide(ports, open, { choice: 'kept' })).toBe(false);
    expect(toasts.current).toMatchObject({
      tone: 'trouble',
      words: expect.stringMatching(/free some space/i) as string,
    });
    database.failure = { code: 'invalid', detail: '' };
    await decide(ports, { ...open, ...gone }, { choice: 'lost' });
    expect(toasts.current?.words).toMatch(/too little/i);
    await reopen(ports, open);
    expect(toasts.current?.tone).toBe('trouble');
  });
});

describe('the statistics in words', () => {
  const figures = {
    runs: 8,
    successes: 7,
    failures: 1,
    rows: 1_234,
    conflicts: 2,
    average_duration: 48.7,
    p95_duration: 2_340,
    last_success_at: 1_000,
  };

  it('say how it went', () => {
    const words = Object.fromEntries(statisticsWords(figures, 2_000).map((each) => [each.label, each.words]));
    expect(words).toMatchObject({
      'Got through': '7 (87 %)',
      'Rows exchanged': '1,234',
      'Took on average': '49 ms',
      '95 in 100 took at most': '2.3 sec',
      'Last got through': 'just now',
    });
    expect(statisticsWords({ ...figures, last_success_at: null }, 0).at(-1)?.words).toBe('not in these days');
  });

  it('say that there was none', () => {
    expect(statisticsWords({ ...figures, runs: 0 }, 0)).toEqual([{ label: 'Syncs', words: 'none' }]);
    expect(durationWords(null)).toBe('–');
  });
});

function world() {
  const database = new FakeLocalDatabase();
  const toasts = new Toasts();
  return { database, toasts, ports: { database, toasts, now: () => 7 } };
}
