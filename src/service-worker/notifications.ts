/** What a person is told after a wake, in plain words. No text of theirs is in it: a locked screen shows it to anyone. */
import type { News } from './news.ts';

/** `due`: it is the hour at which the person wants to hear of due cards. */
export type WakeKind = 'news' | 'due';

export interface Told {
  readonly title: string;
  readonly body: string;
  /** One with the same tag takes the place of the one before. */
  readonly tag: 'answer' | 'due' | 'news';
  /** Without a sound. */
  readonly silent: boolean;
  /** What a tap opens. */
  readonly path: string;
}

interface Wake {
  readonly kind: WakeKind;
  readonly news: News;
  /** Null: not known. */
  readonly due: number | null;
}

/**
 * What came is told by the most that there is to it. Plain changes are told too, silently: browsers want every wake to show
 * something, and what they would say themselves helps nobody (decision 75). Nothing came: nothing is told.
 */
export function toldOf({ kind, news, due }: Wake): readonly Told[] {
  const told: Told[] = [];
  if (kind === 'due' && due !== 0) told.push(ofDueCards(due));
  if (news.answers > 0) told.push(ofAnswers(news));
  return told.length === 0 && news.rows > 0 ? [ofChanges(news.rows)] : told;
}

function ofDueCards(due: number | null): Told {
  const title = due === null ? 'Cards are due' : due === 1 ? '1 card is due' : `${due} cards are due`;
  return { title, body: 'A few minutes are enough.', tag: 'due', silent: false, path: '/review' };
}

function ofAnswers({ answers, conversation }: News): Told {
  const body = answers === 1 ? 'There is a new message for you.' : `There are ${answers} new messages for you.`;
  const path = conversation === null ? '/talk' : `/talk/${encodeURIComponent(conversation)}`;
  return { title: 'Your tutor answered', body, tag: 'answer', silent: false, path };
}

function ofChanges(rows: number): Told {
  const body = `${rows === 1 ? '1 change' : `${rows} changes`} from your other devices came to this one.`;
  return { title: 'Up to date', body, tag: 'news', silent: true, path: '/' };
}
