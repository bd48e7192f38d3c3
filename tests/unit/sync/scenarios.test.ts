/**
 * What happens between devices, as people meet it, on real SQLite, the real engine and the real merge: what the first
 * version's tests were about (docs/spec/first-version.md), and the crossings of docs/spec/sync.md's checklist.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { err } from '../../../src/base/result.ts';
import type { ConflictStrategy } from '../../../src/schema/column.ts';
import { strategyFrom } from '../../../src/schema/policies.ts';
import type { Transport } from '../../../src/sync/ports.ts';
import type { Outcome } from '../../../src/sync/machine.ts';
import type { Direction, SyncReport, Tally } from '../../../src/sync/report.ts';
import { addWord } from '../../support/add-word.ts';
import { DeviceUnderTest } from '../../support/device-under-test.ts';
import { MemoryServer } from '../../support/memory-server.ts';
import { openNodeDriver } from '../../support/node-driver.ts';

const day = 86_400_000;
const directions: readonly Direction[] = ['up', 'down', 'both'];

let server: MemoryServer;
let phone: DeviceUnderTest;
let laptop: DeviceUnderTest;
let offline: boolean;
let ahead: Record<string, number>;

beforeEach(() => {
  server = new MemoryServer();
  offline = false;
  ahead = {};
  phone = device('phone');
  laptop = device('laptop');
});

function device(name: string, user: string | null = 'ana'): DeviceUnderTest {
  const transport = server.transport(() => (offline ? 'request lost' : 'none'));
  return new DeviceUnderTest({ name, user, transport, now: () => server.now + (ahead[name] ?? 0) });
}

async function report(of: DeviceUnderTest, direction: Direction = 'both'): Promise<SyncReport> {
  const outcome: Outcome = await of.sync(direction);
  if (outcome.kind !== 'done') throw new Error(`the sync ended with ${outcome.kind}`);
  return outcome.report;
}

async function meet(): Promise<void> {
  for (const each of [phone, laptop, phone, laptop]) await each.sync();
}

const run = (of: DeviceUnderTest, sql: string, ...params: (string | number)[]): void => {
  server.now += 10;
  of.write((write) => write.run(sql, params));
};
const saveProfile = (of: DeviceUnderTest, name: string): void =>
  run(
    of,
    `INSERT INTO profile (id, display_name, native_language, target_language, created_at) VALUES ('me', ?, 'en', 'es', 1)
ON CONFLICT (id) DO UPDATE SET display_name = excluded.display_name`,
    name,
  );
const nameOn = (of: DeviceUnderTest): unknown => of.rows('profile').get('me')?.['display_name'];
const talk = (of: DeviceUnderTest, id: string): void =>
  run(of, `INSERT INTO conversation (id, title, language, started_at) VALUES (?, 'At the market', 'es', 1)`, id);
const say = (of: DeviceUnderTest, id: string, conversation: string, at = 1): void =>
  run(
    of,
    `INSERT INTO message (id, conversation_id, author, body, sent_at) VALUES (?, ?, 'learner', 'Hola', ?)`,
    id,
    conversation,
    at,
  );
const study = (of: DeviceUnderTest, id: string, amount: number): void =>
  run(
    of,
    `INSERT INTO study_event (id, kind, language, amount, happened_at) VALUES (?, 'card_reviewed', 'es', ?, 1)`,
    id,
    amount,
  );
const addText = (of: DeviceUnderTest, id: string): void =>
  run(
    of,
    `INSERT INTO document (id, title, language, content, content_hash, added_at) VALUES (?, 'A tale', 'es', 'Había una vez', ?, 1)`,
    id,
    'a'.repeat(64),
  );
const choose = (strategy: ConflictStrategy): void => {
  server.strategyFor = strategyFrom([{ key: 'conflict', value: JSON.stringify(strategy) }]);
};
const sent = (count: number): Tally => ({ processed: count, succeeded: count, failed: 0, conflicts: 0 });

describe('a profile', () => {
  it.each<[Direction, unknown, unknown]>([
    ['up', 'Ana', undefined],
    ['down', undefined, 'Bea'],
    ['both', 'Ana', 'Bea'],
  ])('goes %s: of two that wait, one on each side, those go that the direction says', async (direction, up, down) => {
    run(laptop, `INSERT INTO setting (id, key, value) VALUES ('s', 'from', '"Bea"')`);
    await laptop.sync();
    saveProfile(phone, 'Ana');
    const { error } = await report(phone, direction);
    expect(error).toBeNull();
    expect(server.rows('profile').get('me')?.['display_name']).toBe(up);
    expect(phone.rows('setting').get('s')?.['value']).toBe(down === undefined ? undefined : '"Bea"');
  });

  it.each(directions)(
    'without an account stays on the device, without a failure, asked to go %s',
    async (direction) => {
      const alone = device('alone', null);
      saveProfile(alone, 'Ana');
      expect(await alone.sync(direction)).toEqual({ kind: 'no-account' });
      expect(alone.waiting()).toBe(1);
    },
  );

  it('that the server cannot take is counted as failed, set aside, and stops nothing else', async () => {
    run(phone, `INSERT INTO profile (id, native_language, target_language, created_at) VALUES ('me', '?', 'es', 1)`);
    run(phone, `INSERT INTO setting (id, key, value) VALUES ('s', 'theme', '"dark"')`);
    const { tables, failed, error } = await report(phone);
    expect(tables['profile']).toMatchObject({ processed: 1, succeeded: 0, failed: 1, conflicts: 0 });
    expect(tables['setting']).toMatchObject(sent(1));
    expect([failed, error]).toEqual([1, null]);
    expect(phone.all('SELECT table_name, code FROM rejected_change')).toEqual([
      { table_name: 'profile', code: 'invalid_value' },
    ]);
  });

  it('for which whole requests are refused is found and set aside, and the others arrive', async () => {
    const proxied = server.transport(() => 'none');
    const exchange: Transport['exchange'] = (request) =>
      JSON.stringify(request).includes('unloved')
        ? Promise.resolve(err({ code: 'too_large' }))
        : proxied.exchange(request);
    const tablet = new DeviceUnderTest({ name: 'tablet', transport: { exchange }, now: () => server.now });
    for (let index = 0; index < 9; index += 1) {
      tablet.write((sql) => addWord(sql, { id: `w${index}`, word: index === 5 ? 'unloved' : `word ${index}` }));
    }
    expect(await report(tablet)).toMatchObject({ error: null, succeeded: 8, failed: 1 });
    expect(tablet.waiting()).toBe(0);
    expect(tablet.all('SELECT row_id, code FROM rejected_change')).toEqual([{ row_id: 'w5', code: 'too_large' }]);
    await laptop.sync();
    expect([...laptop.rows('vocabulary_item').keys()]).toEqual([...tablet.rows('vocabulary_item').keys()]);
    tablet.write((sql) => addWord(sql, { id: 'w5', word: 'loved' }));
    expect(await report(tablet)).toMatchObject({ error: null, failed: 0 });
    await laptop.sync();
    expect(laptop.rows('vocabulary_item').get('w5')).toMatchObject({ word: 'loved' });
  });

  it('that is set aside alone does not make the device look like a copy of itself', async () => {
    const driver = openNodeDriver();
    let ids = 0;
    const newId = () => `id-${(ids += 1)}`;
    const proxied = server.transport(() => 'none');
    const exchange: Transport['exchange'] = (request) =>
      request.changes.some(({ id }) => id === 'bad')
        ? Promise.resolve(err({ code: 'invalid' }))
        : proxied.exchange(request);
    // Opened anew, it is another writer: what the server merged of the first one has to stay in its past.
    const open = () =>
      new DeviceUnderTest({ name: 'tablet', driver, newId, transport: { exchange }, now: () => server.now });
    const add = (tablet: DeviceUnderTest, id: string) => tablet.write((sql) => addWord(sql, { id, word: id }));
    const first = open();
    add(first, 'a');
    await report(first);
    const before = first.all('SELECT device FROM sync_state');
    const second = open();
    add(second, 'bad');
    expect(await report(second)).toMatchObject({ error: null, failed: 1 });
    add(second, 'b');
    expect(await report(second)).toMatchObject({ error: null, failed: 0, succeeded: 1 });
    expect(second.all('SELECT device FROM sync_state')).toEqual(before);
  });

  it('that is newer here goes up', async () => {
    saveProfile(phone, 'Ana');
    await meet();
    saveProfile(phone, 'Anita');
    await meet();
    expect([nameOn(phone), nameOn(laptop)]).toEqual(['Anita', 'Anita']);
  });

  it('that is newer on the server comes down', async () => {
    saveProfile(phone, 'Ana');
    await meet();
    saveProfile(laptop, 'Bea');
    await laptop.sync();
    expect((await report(phone)).tables['profile']).toMatchObject(sent(1));
    expect(nameOn(phone)).toBe('Bea');
  });

  it('that is equal on both sides moves nothing', async () => {
    saveProfile(phone, 'Ana');
    await meet();
    expect(await report(phone)).toMatchObject({ ...sent(0), tables: {}, error: null });
  });
});

describe('conversations', () => {
  it.each(directions)('go %s with their messages', async (direction) => {
    talk(phone, 'mine');
    say(phone, 'm1', 'mine');
    talk(laptop, 'theirs');
    say(laptop, 'm2', 'theirs');
    await laptop.sync();
    await phone.sync(direction);
    expect(server.rows('message').has('m1')).toBe(direction !== 'down');
    expect(server.rows('conversation').has('mine')).toBe(direction !== 'down');
    expect(phone.rows('message').has('m2')).toBe(direction !== 'up');
    expect(phone.rows('conversation').has('theirs')).toBe(direction !== 'up');
  });

  it('keep their messages together, whichever devices wrote them', async () => {
    talk(phone, 'one');
    talk(phone, 'two');
    await meet();
    say(phone, 'm1', 'one', 1);
    say(laptop, 'm2', 'one', 2);
    say(laptop, 'm3', 'two', 3);
    await meet();
    const grouped = phone.all(`SELECT conversation_id, group_concat(id) AS messages FROM
(SELECT * FROM message ORDER BY sent_at) GROUP BY conversation_id ORDER BY conversation_id`);
    expect(grouped).toEqual([
      { conversation_id: 'one', messages: 'm1,m2' },
      { conversation_id: 'two', messages: 'm3' },
    ]);
  });

  it('that are there already take new messages, and new ones are added', async () => {
    talk(phone, 'old');
    await meet();
    say(laptop, 'm1', 'old');
    talk(laptop, 'new');
    await meet();
    expect([...phone.rows('conversation').keys()]).toEqual(['new', 'old']);
    expect([...phone.rows('message').keys()]).toEqual(['m1']);
  });

  it('have each message once, sent again after its answer was lost, and two alike of one second as two', async () => {
    talk(phone, 'one');
    say(phone, 'm1', 'one', 5);
    say(phone, 'm2', 'one', 5);
    const batch = await phone.store.gather('both');
    if (!batch.ok) throw new Error('nothing gathered');
    server.serve({
      protocol: 1,
      schema: 1,
      user: 'ana',
      device: 'phone',
      writers: [],
      epoch: '',
      known: 0,
      cursor: 0,
      changes: batch.value.changes,
      limit: 0,
    });
    await meet();
    expect([...laptop.rows('message').keys()]).toEqual(['m1', 'm2']);
    expect(server.rows('conflict').size).toBe(0);
  });

  it('deleted here while a message was added elsewhere: all devices agree, and the message is not lost', async () => {
    talk(phone, 'one');
    await meet();
    run(phone, `DELETE FROM conversation WHERE id = 'one'`);
    say(laptop, 'm1', 'one');
    await meet();
    expect(phone.rows('conversation')).toEqual(laptop.rows('conversation'));
    expect([...phone.rows('message').keys()]).toEqual(['m1']);
    expect([...laptop.rows('message').keys()]).toEqual(['m1']);
  });
});

describe('learning progress', () => {
  it('adds up what each device counted: an event is never lost and never counted twice', async () => {
    study(phone, 'e1', 3);
    study(laptop, 'e2', 4);
    await meet();
    study(phone, 'e3', 5);
    await meet();
    await meet();
    for (const each of [phone, laptop])
      expect(each.all('SELECT sum(amount) AS total FROM study_event')).toEqual([{ total: 12 }]);
  });

  it('has one row a language and skill, with the goal that was set last', async () => {
    const set = (of: DeviceUnderTest, goal: number) =>
      run(
        of,
        `INSERT INTO learning_progress (id, language, skill, daily_goal) VALUES ('es-vocabulary', 'es', 'vocabulary', ?)
ON CONFLICT (id) DO UPDATE SET daily_goal = excluded.daily_goal`,
        goal,
      );
    set(phone, 10);
    set(laptop, 30);
    await meet();
    for (const each of [phone, laptop])
      expect(each.all('SELECT daily_goal FROM learning_progress')).toEqual([{ daily_goal: 30 }]);
  });
});

describe('vocabulary', () => {
  it.each(directions)('goes %s', async (direction) => {
    phone.write((sql) => addWord(sql, { id: 'w1', word: 'perro' }));
    laptop.write((sql) => addWord(sql, { id: 'w2', word: 'gato' }));
    await laptop.sync();
    await phone.sync(direction);
    expect(server.rows('vocabulary_item').has('w1')).toBe(direction !== 'down');
    expect(phone.rows('vocabulary_item').has('w2')).toBe(direction !== 'up');
  });

  it('has the same word added on two offline devices once, with nothing of either lost', async () => {
    phone.write((sql) => addWord(sql, { id: 'perro', word: 'perro', translation: 'dog' }));
    server.now += 10;
    laptop.write((sql) => addWord(sql, { id: 'perro', word: 'perro', translation: 'hound' }));
    await meet();
    expect(phone.rows('vocabulary_item')).toEqual(laptop.rows('vocabulary_item'));
    expect(phone.rows('vocabulary_item').get('perro')).toMatchObject({ translation: 'hound' });
    expect(phone.all('SELECT kept_value, lost_value FROM conflict')).toEqual([
      { kept_value: '"hound"', lost_value: '"dog"' },
    ]);
  });

  it('edited alike on both sides makes no conflict', async () => {
    phone.write((sql) => addWord(sql, { id: 'w', word: 'perro' }));
    await meet();
    for (const each of [phone, laptop]) run(each, `UPDATE vocabulary_item SET note = 'the same' WHERE id = 'w'`);
    await meet();
    expect(server.rows('conflict').size).toBe(0);
    expect(laptop.rows('vocabulary_item').get('w')).toMatchObject({ note: 'the same' });
  });

  it('deleted here and edited later there comes back, and says so nowhere as lost', async () => {
    phone.write((sql) => addWord(sql, { id: 'w', word: 'perro' }));
    await meet();
    run(phone, `DELETE FROM vocabulary_item WHERE id = 'w'`);
    run(laptop, `UPDATE vocabulary_item SET note = 'needed' WHERE id = 'w'`);
    await meet();
    for (const each of [phone, laptop]) expect(each.rows('vocabulary_item').get('w')).toMatchObject({ note: 'needed' });
  });

  it('edited here and deleted later there is gone, and the edit is kept with the conflicts', async () => {
    phone.write((sql) => addWord(sql, { id: 'w', word: 'perro' }));
    await meet();
    run(laptop, `UPDATE vocabulary_item SET note = 'typed' WHERE id = 'w'`);
    run(phone, `DELETE FROM vocabulary_item WHERE id = 'w'`);
    await meet();
    for (const each of [phone, laptop]) {
      expect(each.rows('vocabulary_item').size).toBe(0);
      expect(each.all('SELECT lost_value FROM conflict')).toEqual([{ lost_value: '"typed"' }]);
    }
  });
});

describe('documents', () => {
  it('go to the other device whole', async () => {
    addText(phone, 't');
    expect((await report(phone)).tables['document']).toMatchObject(sent(1));
    await meet();
    expect(laptop.rows('document').get('t')).toMatchObject({ content: 'Había una vez', position: 0 });
  });

  it('that were sent are not sent again', async () => {
    addText(phone, 't');
    await meet();
    expect((await report(phone)).tables).toEqual({});
  });

  it('that fail are counted and shown, and the others go', async () => {
    addText(phone, 't');
    run(
      phone,
      `INSERT INTO document (id, title, language, content, content_hash, added_at) VALUES ('bad', '', 'es', 'x', 'no hash', 1)`,
    );
    expect((await report(phone)).tables['document']).toMatchObject({
      processed: 2,
      succeeded: 1,
      failed: 1,
      conflicts: 0,
    });
    expect(phone.all('SELECT row_id FROM rejected_change')).toEqual([{ row_id: 'bad' }]);
    expect(server.rows('document').has('t')).toBe(true);
  });
});

describe('two edits of one name', () => {
  it.each<[ConflictStrategy, string, string]>([
    ['latest_timestamp', 'later, sent first', 'decided'],
    ['server_wins', 'later, sent first', 'decided'],
    ['local_wins', 'earlier, sent last', 'decided'],
    ['manual_review', 'later, sent first', 'open'],
  ])('under %s end with "%s" on every device, and the other is kept', async (strategy, stands, state) => {
    choose(strategy);
    saveProfile(phone, 'Ana');
    await meet();
    saveProfile(phone, 'earlier, sent last');
    saveProfile(laptop, 'later, sent first');
    await laptop.sync();
    await meet();
    expect([nameOn(phone), nameOn(laptop)]).toEqual([stands, stands]);
    const [conflict, ...more] = phone.all('SELECT kept_value, lost_value, state FROM conflict');
    expect(more).toEqual([]);
    expect(conflict).toMatchObject({ state, kept_value: JSON.stringify(stands) });
    expect(laptop.rows('conflict')).toEqual(phone.rows('conflict'));
  });
});

describe('a clock that is a day wrong', () => {
  it.each([
    ['ahead', day],
    ['behind', -day],
  ])('%s is noticed, and the edit that was made last still stands', async (_, by) => {
    ahead['phone'] = by;
    saveProfile(phone, 'first, by the wrong clock');
    await meet();
    saveProfile(laptop, 'last');
    await meet();
    expect([nameOn(phone), nameOn(laptop)]).toEqual(['last', 'last']);
    saveProfile(phone, 'very last, by the wrong clock');
    await meet();
    expect([nameOn(phone), nameOn(laptop)]).toEqual(Array(2).fill('very last, by the wrong clock'));
  });
});

describe('the status', () => {
  const status = () => phone.all('SELECT last_sync_at, last_error, attempts, next_attempt_at FROM sync_state')[0]!;

  it('without a last sync says so', () => {
    expect(status()).toEqual({ last_sync_at: null, last_error: null, attempts: 0, next_attempt_at: null });
  });

  it('with a last sync says when, and when the next is due', async () => {
    await phone.sync();
    expect(status()).toEqual({
      last_sync_at: server.now,
      last_error: null,
      attempts: 0,
      next_attempt_at: server.now + 900_000,
    });
  });

  it('after a failure says which, keeps when the last one was, and plans the next', async () => {
    await phone.sync();
    const { now } = server;
    server.now += 1_000;
    offline = true;
    expect((await report(phone)).error).toMatchObject({ code: 'offline' });
    expect(status()).toMatchObject({ last_sync_at: now, last_error: 'offline', attempts: 1 });
    offline = false;
    await phone.sync();
    expect(status()).toMatchObject({ last_sync_at: server.now, last_error: null, attempts: 0 });
  });
});
