import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LiveQueries, type LiveAnswer } from '../../../../src/client/db/live-queries.ts';
import { openTestDatabase, type TestDatabase } from '../../../support/client-database.ts';

let db: TestDatabase;
let live: LiveQueries;
let scheduled: (() => void)[];
let delayed: { readonly work: () => void; readonly delay: number }[];
let reads: number;
beforeEach(() => {
  db = openTestDatabase();
  scheduled = [];
  delayed = [];
  reads = 0;
  live = new LiveQueries({
    database: {
      read: (work) => {
        reads += 1;
        return db.database.read(work);
      },
      indexNewRows: (limit) => db.database.indexNewRows(limit),
      onCommit: (listener) => db.database.onCommit(listener),
    },
    schedule: (work, delay) => {
      if (delay === undefined) scheduled.push(work);
      else delayed.push({ work, delay });
    },
  });
});
afterEach(() => db.close());

const turn = (): void => {
  for (const work of scheduled.splice(0)) work();
};
const put = (key: string, value: string) => db.mutate('settings.put', { key, value });
const watch = () => {
  const answers: LiveAnswer[] = [];
  const stop = live.subscribe({ name: 'settings.all', args: {} }, (answer) => answers.push(answer));
  return { answers, stop, sizes: () => answers.map((answer) => (answer.ok ? answer.value.length : -1)) };
};

describe('a live query', () => {
  it('answers at once and when its answer changes', () => {
    const { sizes } = watch();
    put('a', '1');
    turn();
    expect(sizes()).toEqual([0, 1]);
  });

  it('runs once for several commits of a turn', () => {
    const { sizes } = watch();
    put('a', '1');
    put('b', '1');
    put('c', '1');
    expect(scheduled).toHaveLength(1);
    turn();
    expect(sizes()).toEqual([0, 3]);
    expect(reads).toBe(2);
  });

  it('does not run for tables it does not read', () => {
    watch();
    db.mutate('words.add', { language: 'de', words: [{ word: 'a', translation: '' }], at: 1 });
    turn();
    expect(reads).toBe(1);
  });

  it('says nothing when its answer is the same', () => {
    const { sizes } = watch();
    put('a', '1');
    turn();
    put('a', '1');
    db.database.write((sql) => sql.run('UPDATE setting SET _seq = 4'), 'sync');
    turn();
    expect(sizes()).toEqual([0, 1]);
  });

  it('hears of what a sync wrote', () => {
    const { sizes } = watch();
    db.database.write((sql) => sql.run(`INSERT INTO setting (id, key, value, _seq) VALUES ('s', 'k', '1', 7)`), 'sync');
    turn();
    expect(sizes()).toEqual([0, 1]);
  });

  it('does not run when the server has only confirmed what was sent', () => {
    const { sizes } = watch();
    put('a', '1');
    turn();
    const before = reads;
    db.database.write((sql) => {
      sql.runMany('UPDATE setting SET _seq = ? WHERE id = ? AND _seq < ?', [[7, 'a', 7]]);
      sql.run('DELETE FROM outbox');
    }, 'sync');
    turn();
    expect(reads).toBe(before);
    expect(sizes()).toEqual([0, 1]);
    db.database.write((sql) => sql.run("UPDATE setting SET _seq = ?, value = ? WHERE key = 'a'", [8, '2']), 'sync');
    turn();
    expect(sizes()).toEqual([0, 1, 1]);
  });

  it('is run once for two who ask the same', () => {
    const first = watch();
    const second = watch();
    put('a', '1');
    turn();
    expect([first.sizes(), second.sizes()]).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expect(reads).toBe(2);
  });

  it('gives one who comes between a change and the next run the new answer', () => {
    const first = watch();
    put('a', '1');
    const second = watch();
    turn();
    expect([first.sizes(), second.sizes()]).toEqual([[0, 1], [1]]);
  });

  it('ends with its last subscriber', () => {
    const first = watch();
    const second = watch();
    first.stop();
    put('a', '1');
    turn();
    second.stop();
    put('b', '1');
    turn();
    expect([first.sizes(), second.sizes()]).toEqual([[0], [0, 1]]);
    expect(scheduled).toEqual([]);
  });

  it('passes a failure of the storage on', () => {
    const answers: LiveAnswer[] = [];
    db.database.write((sql) => sql.run('DELETE FROM setting'));
    db.database.driver.exec('DROP TABLE setting');
    live.subscribe({ name: 'settings.all', args: {} }, (answer) => answers.push(answer));
    expect(answers).toMatchObject([{ ok: false, error: { code: 'storage_failed' } }]);
  });

  it('is silent after closing', () => {
    const { sizes } = watch();
    put('a', '1');
    live.close();
    turn();
    put('b', '1');
    turn();
    expect(sizes()).toEqual([0]);
  });
});

describe('a live query while more pages of a load come', () => {
  /** A page of the load is stored; what waits for a turn of the event loop has it. */
  const load = (key: string): void => {
    db.database.write(
      (sql) => sql.run('INSERT INTO setting (id, _seq, key, value) VALUES (?, 1, ?, ?)', [key, key, '1']),
      'load',
    );
    turn();
  };
  const pauseEnds = (): void => {
    const [pause, ...others] = delayed.splice(0);
    expect([pause?.delay, others]).toEqual([250, []]);
    pause?.work();
  };

  it('shows the first at once, and then what has come by the end of each pause', () => {
    const { sizes } = watch();
    load('a');
    expect(sizes()).toEqual([0, 1]);
    for (const key of ['b', 'c']) load(key);
    expect(sizes()).toEqual([0, 1]);
    pauseEnds();
    expect(sizes()).toEqual([0, 1, 3]);
    load('d');
    pauseEnds();
    expect(sizes()).toEqual([0, 1, 3, 4]);
    expect(reads).toBe(4);
  });

  it('is run at once again when nothing came in a pause', () => {
    const { sizes } = watch();
    load('a');
    pauseEnds();
    expect(delayed).toEqual([]);
    load('b');
    expect(sizes()).toEqual([0, 1, 2]);
  });

  it('shows an edit at once, and the last page too, with all that came before', () => {
    const { sizes } = watch();
    load('a');
    load('b');
    put('mine', '1');
    turn();
    expect(sizes()).toEqual([0, 1, 3]);
    load('c');
    db.database.write((sql) => sql.run(`INSERT INTO setting (id, _seq, key, value) VALUES ('d', 1, 'd', '1')`), 'sync');
    turn();
    expect(sizes()).toEqual([0, 1, 3, 5]);
    pauseEnds();
    expect(delayed).toEqual([]);
    expect(sizes()).toEqual([0, 1, 3, 5]);
  });
});
