/**
 * What happens between devices, as people meet it: conversations, learning progress, words and documents. What the first version's tests were about
 * (docs/spec/first-version.md), and the crossings of docs/spec/sync.md's checklist.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { addWord } from '../../support/add-word.ts';
import type { DeviceUnderTest } from '../../support/device-under-test.ts';
import { directions, report, sent, TwoDevices } from '../../support/two-devices.ts';

let world: TwoDevices;
beforeEach(() => {
  world = new TwoDevices();
});

describe('conversations', () => {
  it.each(directions)('go %s with their messages', async (direction) => {
    world.talk(world.phone, 'mine');
    world.say(world.phone, 'm1', 'mine');
    world.talk(world.laptop, 'theirs');
    world.say(world.laptop, 'm2', 'theirs');
    await world.laptop.sync();
    await world.phone.sync(direction);
    expect(world.server.rows('message').has('m1')).toBe(direction !== 'down');
    expect(world.server.rows('conversation').has('mine')).toBe(direction !== 'down');
    expect(world.phone.rows('message').has('m2')).toBe(direction !== 'up');
    expect(world.phone.rows('conversation').has('theirs')).toBe(direction !== 'up');
  });

  it('keep their messages together, whichever devices wrote them', async () => {
    world.talk(world.phone, 'one');
    world.talk(world.phone, 'two');
    await world.meet();
    world.say(world.phone, 'm1', 'one', 1);
    world.say(world.laptop, 'm2', 'one', 2);
    world.say(world.laptop, 'm3', 'two', 3);
    await world.meet();
    const grouped = world.phone.all(`SELECT conversation_id, group_concat(id) AS messages FROM
(SELECT * FROM message ORDER BY sent_at) GROUP BY conversation_id ORDER BY conversation_id`);
    expect(grouped).toEqual([
      { conversation_id: 'one', messages: 'm1,m2' },
      { conversation_id: 'two', messages: 'm3' },
    ]);
  });

  it('that are there already take new messages, and new ones are added', async () => {
    world.talk(world.phone, 'old');
    await world.meet();
    world.say(world.laptop, 'm1', 'old');
    world.talk(world.laptop, 'new');
    await world.meet();
    expect([...world.phone.rows('conversation').keys()]).toEqual(['new', 'old']);
    expect([...world.phone.rows('message').keys()]).toEqual(['m1']);
  });

  it('have each message once, sent again after its answer was lost, and two alike of one second as two', async () => {
    world.talk(world.phone, 'one');
    world.say(world.phone, 'm1', 'one', 5);
    world.say(world.phone, 'm2', 'one', 5);
    const batch = await world.phone.store.gather('both');
    if (!batch.ok) throw new Error('nothing gathered');
    world.server.serve({
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
    await world.meet();
    expect([...world.laptop.rows('message').keys()]).toEqual(['m1', 'm2']);
    expect(world.server.rows('conflict').size).toBe(0);
  });

  it('deleted here while a message was added elsewhere: all devices agree, and the message is not lost', async () => {
    world.talk(world.phone, 'one');
    await world.meet();
    world.run(world.phone, `DELETE FROM conversation WHERE id = 'one'`);
    world.say(world.laptop, 'm1', 'one');
    await world.meet();
    expect(world.phone.rows('conversation')).toEqual(world.laptop.rows('conversation'));
    expect([...world.phone.rows('message').keys()]).toEqual(['m1']);
    expect([...world.laptop.rows('message').keys()]).toEqual(['m1']);
  });
});

describe('learning progress', () => {
  it('adds up what each device counted: an event is never lost and never counted twice', async () => {
    world.study(world.phone, 'e1', 3);
    world.study(world.laptop, 'e2', 4);
    await world.meet();
    world.study(world.phone, 'e3', 5);
    await world.meet();
    await world.meet();
    for (const each of [world.phone, world.laptop])
      expect(each.all('SELECT sum(amount) AS total FROM study_event')).toEqual([{ total: 12 }]);
  });

  it('has one row a language and skill, with the goal that was set last', async () => {
    const set = (of: DeviceUnderTest, goal: number) =>
      world.run(
        of,
        `INSERT INTO learning_progress (id, language, skill, daily_goal) VALUES ('es-vocabulary', 'es', 'vocabulary', ?)
ON CONFLICT (id) DO UPDATE SET daily_goal = excluded.daily_goal`,
        goal,
      );
    set(world.phone, 10);
    set(world.laptop, 30);
    await world.meet();
    for (const each of [world.phone, world.laptop])
      expect(each.all('SELECT daily_goal FROM learning_progress')).toEqual([{ daily_goal: 30 }]);
  });
});

describe('vocabulary', () => {
  it.each(directions)('goes %s', async (direction) => {
    world.phone.write((sql) => addWord(sql, { id: 'w1', word: 'perro' }));
    world.laptop.write((sql) => addWord(sql, { id: 'w2', word: 'gato' }));
    await world.laptop.sync();
    await world.phone.sync(direction);
    expect(world.server.rows('vocabulary_item').has('w1')).toBe(direction !== 'down');
    expect(world.phone.rows('vocabulary_item').has('w2')).toBe(direction !== 'up');
  });

  it('has the same word added on two offline devices once, with nothing of either lost', async () => {
    world.phone.write((sql) => addWord(sql, { id: 'perro', word: 'perro', translation: 'dog' }));
    world.server.now += 10;
    world.laptop.write((sql) => addWord(sql, { id: 'perro', word: 'perro', translation: 'hound' }));
    await world.meet();
    expect(world.phone.rows('vocabulary_item')).toEqual(world.laptop.rows('vocabulary_item'));
    expect(world.phone.rows('vocabulary_item').get('perro')).toMatchObject({ translation: 'hound' });
    expect(world.phone.all('SELECT kept_value, lost_value FROM conflict')).toEqual([
      { kept_value: '"hound"', lost_value: '"dog"' },
    ]);
  });

  it('edited alike on both sides makes no conflict', async () => {
    world.phone.write((sql) => addWord(sql, { id: 'w', word: 'perro' }));
    await world.meet();
    for (const each of [world.phone, world.laptop])
      world.run(each, `UPDATE vocabulary_item SET note = 'the same' WHERE id = 'w'`);
    await world.meet();
    expect(world.server.rows('conflict').size).toBe(0);
    expect(world.laptop.rows('vocabulary_item').get('w')).toMatchObject({ note: 'the same' });
  });

  it('deleted here and edited later there comes back, and says so nowhere as lost', async () => {
    world.phone.write((sql) => addWord(sql, { id: 'w', word: 'perro' }));
    await world.meet();
    // Whichever the server hears of first.
    for (const [first, note] of [
      [world.phone, 'needed'],
      [world.laptop, 'needed still'],
    ] as const) {
      world.run(world.phone, `DELETE FROM vocabulary_item WHERE id = 'w'`);
      world.run(world.laptop, `UPDATE vocabulary_item SET note = ? WHERE id = 'w'`, note);
      await first.sync();
      await world.meet();
      for (const each of [world.phone, world.laptop]) {
        expect(each.rows('vocabulary_item').get('w')).toMatchObject({ note });
      }
    }
    expect(world.phone.all(`SELECT lost_value FROM conflict WHERE lost_value <> 'null'`)).toEqual([]);
  });

  it('edited here and deleted later there is gone, and the edit is kept with the conflicts', async () => {
    world.phone.write((sql) => addWord(sql, { id: 'w', word: 'perro' }));
    await world.meet();
    world.run(world.laptop, `UPDATE vocabulary_item SET note = 'typed' WHERE id = 'w'`);
    world.run(world.phone, `DELETE FROM vocabulary_item WHERE id = 'w'`);
    await world.meet();
    for (const each of [world.phone, world.laptop]) {
      expect(each.rows('vocabulary_item').size).toBe(0);
      expect(each.all('SELECT lost_value FROM conflict')).toEqual([{ lost_value: '"typed"' }]);
    }
  });
});

describe('documents', () => {
  it('go to the other device whole', async () => {
    world.addText(world.phone, 't');
    expect((await report(world.phone)).tables['document']).toMatchObject(sent(1));
    await world.meet();
    expect(world.laptop.rows('document').get('t')).toMatchObject({ content: 'Había una vez', position: 0 });
  });

  it('that were sent are not sent again', async () => {
    world.addText(world.phone, 't');
    await world.meet();
    expect((await report(world.phone)).tables).toEqual({});
  });

  it('that fail are counted and shown, and the others go', async () => {
    world.addText(world.phone, 't');
    world.run(
      world.phone,
      `INSERT INTO document (id, title, language, content, content_hash, added_at) VALUES ('bad', '', 'es', 'x', 'no hash', 1)`,
    );
    expect((await report(world.phone)).tables['document']).toMatchObject({
      processed: 2,
      succeeded: 1,
      failed: 1,
      conflicts: 0,
    });
    expect(world.phone.all('SELECT row_id FROM rejected_change')).toEqual([{ row_id: 'bad' }]);
    expect(world.server.rows('document').has('t')).toBe(true);
  });
});
