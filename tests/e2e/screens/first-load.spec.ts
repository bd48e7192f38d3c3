/** A new device of an account with many words is of use before all of them are there. */
import type { Change, SessionReply } from '../../../src/protocol/messages.ts';
import { AppPage } from '../../support/app-page.ts';
import { cookieOf, syncRequest } from '../../support/server-requests.ts';
import { word } from '../../support/store-pushes.ts';
import { stampAt } from '../../../src/sync/clock.ts';
import { expect, test } from '../world.ts';

const ana = { name: 'ana', password: 'a long enough password' };
const sync = 'POST /api/sync';
const count = 6_000;

test('the words that are due and the newest are there while the first page is still to come', async ({ world }) => {
  await fill(world.server.origin);
  const device = await world.device('phone');
  const app = await AppPage.open(device, '/settings');
  // The answer to the first request comes, those to the next do not.
  device.network.fail(sync, 'held', 100, 1);
  await app.signIn(ana);

  await app.goTo('Words');
  await expect(app.word(`palabra ${count - 1}`)).toBeVisible();
  await app.untilChip('syncing', /Loading/);
  await app.goTo('Review');
  await expect(app.page.getByRole('main')).toContainText('palabra 2999');

  device.network.heal();
  await device.network.set('reset');
  await device.network.set('up');
  await app.seesWordCount(count);
  await app.untilChip('synced');
});

/** Words of which one was studied and is due, long before those that were added last. */
async function fill(origin: string): Promise<void> {
  const headers = { origin, 'content-type': 'application/json' };
  const made = await fetch(`${origin}/api/account`, { method: 'POST', headers, body: JSON.stringify(ana) });
  const cookie = cookieOf(made.headers.getSetCookie());
  const { user } = (await made.json()) as SessionReply;
  const at = Date.now() - 86_400_000;
  const profile: Change = {
    ...{ table: 'profile', id: 'me', op: 'insert', stamp: stampAt(at), baseSeq: 0 },
    values: { display_name: 'Ana', native_language: 'en', target_language: 'es', created_at: at },
  };
  const words = Array.from({ length: count }, (_, index) => {
    const studied = index === 2_999 ? { card_state: 2, reps: 2, stability: 3, difficulty: 5, last_review_at: at } : {};
    const times = { created_at: at + index, due_at: at + index };
    return word(`word-${index}`, { word: `palabra ${index}`, translation: `word ${index}`, ...times, ...studied });
  });
  for (let from = 0; from < count; from += 500) {
    const changes = [...(from === 0 ? [profile] : []), ...words.slice(from, from + 500)];
    const body = JSON.stringify(syncRequest(user.id, { changes, limit: 0, writers: [['w', stampAt(at)]] }));
    const reply = await fetch(`${origin}/api/sync`, { method: 'POST', headers: { ...headers, cookie }, body });
    expect(reply.status).toBe(200);
  }
}
