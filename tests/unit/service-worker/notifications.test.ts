/** What a person is told after a wake, by what a sync brought. */
import { describe, expect, it } from 'vitest';
import type { RowPage } from '../../../src/protocol/messages.ts';
import { packPages } from '../../../src/protocol/packed-pages.ts';
import { createNews, type News } from '../../../src/service-worker/news.ts';
import { toldOf } from '../../../src/service-worker/notifications.ts';
import { matchRoute } from '../../../src/ui/state/routes.ts';

const now = 1_800_000_000_000;
const day = 24 * 3_600_000;

function messages(...rows: (readonly [conversation: string, author: string, at: number])[]): RowPage {
  return {
    table: 'message',
    ids: rows.map((_, at) => `m${at}`),
    seqs: rows.map((_, at) => at + 1),
    deleted: [],
    columns: ['conversation_id', 'author', 'body', 'sent_at'],
    values: [rows.map(([of]) => of), rows.map(([, by]) => by), rows.map(() => 'hola'), rows.map(([, , at]) => at)],
  };
}

const word: RowPage = {
  ...{ table: 'vocabulary_item', ids: ['w1', 'w2'], seqs: [1, 2], deleted: [] },
  ...{ columns: ['word'], values: [['sol', 'luna']] },
};

function newsOf(...pages: readonly RowPage[][]): News {
  const desk = createNews({ now: () => now });
  desk.listen();
  pages.forEach((changes) => desk.note({ changes }));
  return desk.take();
}

const nothing: News = { rows: 0, answers: 0, conversation: null };

describe('news', () => {
  it('are the rows that came, the tutor’s messages among them, and where those are', () => {
    const pages = [[word, messages(['c1', 'tutor', now], ['c1', 'learner', now])], [messages(['c1', 'tutor', now])]];
    expect(newsOf(...pages)).toEqual({ rows: 5, answers: 2, conversation: 'c1' });
  });

  it('in several conversations are in none', () => {
    expect(newsOf([messages(['c1', 'tutor', now], ['c2', 'tutor', now])])).toMatchObject({
      answers: 2,
      conversation: null,
    });
  });

  it('are no messages of long ago, as when all is loaded anew, and none that were deleted or lack something', () => {
    const old = messages(['c1', 'tutor', now - day - 1]);
    const gone = { ...messages(['c1', 'tutor', now]), values: [[null], [null], [null], [null]], deleted: [0] };
    const odd = { ...messages(['c1', 'tutor', now]), columns: [], values: [] };
    expect(newsOf([old, gone, odd])).toEqual({ rows: 3, answers: 0, conversation: null });
    expect(newsOf([messages(['c1', 'tutor', now - day])])).toMatchObject({ answers: 1 });
  });

  it('are told once', () => {
    const desk = createNews({ now: () => now });
    desk.note({ changes: [word] });
    desk.listen();
    desk.note({ changes: [word] });
    expect(desk.take().rows).toBe(2);
    desk.note({ changes: [word] });
    expect(desk.take()).toEqual(nothing);
  });

  it('are the same where many rows came packed', () => {
    const desk = createNews({ now: () => now });
    desk.listen();
    desk.note({ changes: [], packed: [packPages([word, messages(['c1', 'tutor', now], ['c2', 'learner', now])])!] });
    expect(desk.take()).toEqual({ rows: 4, answers: 1, conversation: 'c1' });
    desk.listen();
    desk.note({ changes: [], packed: [new Uint8Array(9)] });
    expect(desk.take()).toEqual(nothing);
  });
});

describe('a person is told', () => {
  const told = (parts: Partial<Parameters<typeof toldOf>[0]>) =>
    toldOf({ kind: 'news', news: nothing, due: null, ...parts });

  it('that the tutor answered, and a tap opens the conversation', () => {
    const [one] = told({ news: { rows: 1, answers: 1, conversation: 'c1' } });
    expect(one).toMatchObject({ title: 'Your tutor answered', body: 'There is a new message for you.', silent: false });
    expect(matchRoute(one!.path)).toEqual({ name: 'conversation', id: 'c1' });
    const [many] = told({ news: { rows: 3, answers: 2, conversation: null } });
    expect(many!.body).toBe('There are 2 new messages for you.');
    expect(matchRoute(many!.path)).toEqual({ name: 'talk' });
  });

  it.each([
    [12, '12 cards are due'],
    [1, '1 card is due'],
    [null, 'Cards are due'],
  ])('at the hour of their choice, of %s cards: %s', (due, title) => {
    const [one, ...others] = told({ kind: 'due', due });
    expect(one).toMatchObject({ title, silent: false });
    expect(matchRoute(one!.path)).toEqual({ name: 'review' });
    expect(others).toEqual([]);
  });

  it('of cards only at that hour, and not when none is due after all', () => {
    expect(told({ kind: 'news', due: 12 })).toEqual([]);
    expect(told({ kind: 'due', due: 0 })).toEqual([]);
  });

  it('both, when both came', () => {
    const both = told({ kind: 'due', due: 3, news: { rows: 9, answers: 1, conversation: 'c1' } });
    expect(both.map(({ tag }) => tag)).toEqual(['due', 'answer']);
  });

  it('of other changes without a sound, in place of what was told of them before', () => {
    const [one] = told({ news: { rows: 1, answers: 0, conversation: null } });
    expect(one).toMatchObject({
      silent: true,
      tag: 'news',
      body: '1 change from your other devices came to this one.',
    });
    const [more] = told({ kind: 'due', due: 0, news: { rows: 3, answers: 0, conversation: null } });
    expect(more!.body).toBe('3 changes from your other devices came to this one.');
    expect(matchRoute(more!.path)).toEqual({ name: 'today' });
  });

  it('nothing when nothing came', () => {
    expect(told({})).toEqual([]);
  });
});
