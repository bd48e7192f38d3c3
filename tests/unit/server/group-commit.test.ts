import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGroupCommit, type GroupCommit } from '../../../src/server/stores/sqlite/group-commit.ts';

let commits: string[];
let database: Database.Database;
let group: GroupCommit;

beforeEach(() => {
  commits = [];
  database = new Database(':memory:', { verbose: (sql) => commits.push(String(sql)) });
  database.exec('CREATE TABLE t (x INTEGER NOT NULL CHECK (x < 100))');
  group = createGroupCommit(database);
});
afterEach(() => database.close());

const insert = (x: number) => () => {
  database.prepare('INSERT INTO t VALUES (?)').run(x);
  return x;
};
const stored = () => database.prepare('SELECT x FROM t ORDER BY x').pluck().all();
const commitCount = () => commits.filter((sql) => sql === 'COMMIT').length;

describe('group commit', () => {
  it('writes what arrives together in one transaction, and gives each its own answer', async () => {
    const all = await Promise.all([1, 2, 3].map((x) => group.run(1, insert(x))));
    expect(all).toEqual([1, 2, 3]);
    expect(stored()).toEqual([1, 2, 3]);
    expect(commitCount()).toBe(1);
  });

  it('answers only after the commit', async () => {
    let before: number | null = null;
    const first = group.run(1, insert(1)).then(() => (before ??= commitCount()));
    expect(commitCount()).toBe(0);
    expect(await first).toBe(1);
  });

  it('undoes one that fails, alone and whole', async () => {
    const outcomes = await Promise.allSettled([
      group.run(1, insert(1)),
      group.run(1, () => {
        insert(2)();
        insert(500)();
      }),
      group.run(1, insert(3)),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(stored()).toEqual([1, 3]);
  });

  it('fails all of them when SQLite gives the transaction up, and goes on with the next', async () => {
    const giveUp = () => {
      database.exec('ROLLBACK');
      throw new Error('disk full');
    };
    const outcomes = await Promise.allSettled([group.run(1, insert(1)), group.run(1, giveUp), group.run(1, insert(3))]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(stored()).toEqual([]);
    await group.run(1, insert(4));
    expect(stored()).toEqual([4]);
  });

  it('fails all of them when the commit fails', async () => {
    database.pragma('foreign_keys = ON');
    database.exec(
      'CREATE TABLE child (x REFERENCES parent DEFERRABLE INITIALLY DEFERRED); CREATE TABLE parent (x PRIMARY KEY)',
    );
    const orphan = () => database.exec('INSERT INTO child VALUES (1)');
    const outcomes = await Promise.allSettled([group.run(1, insert(1)), group.run(1, orphan)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(stored()).toEqual([]);
    expect(database.inTransaction).toBe(false);
  });

  it('on a full disk fails what does not fit, and what was answered is there', async () => {
    database.exec('CREATE TABLE large (at INTEGER, body TEXT)');
    database.pragma('max_page_count = 20');
    const fill = (at: number) => () => database.prepare('INSERT INTO large VALUES (?, ?)').run(at, 'x'.repeat(9_000));
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, (_, at) => group.run(1, fill(at))));
    const answered = outcomes.flatMap(({ status }, at) => (status === 'fulfilled' ? [at] : []));
    expect(answered.length).toBeLessThan(12);
    expect(database.prepare('SELECT at FROM large ORDER BY at').pluck().all()).toEqual(answered);
    await group.run(1, insert(1));
    expect(stored()).toEqual([1]);
  });

  it('splits a crowd into transactions of bounded weight, in order', async () => {
    const order: number[] = [];
    const jobs = Array.from({ length: 10 }, (_, at) => group.run(900, () => order.push(at)));
    await Promise.all(jobs);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(commitCount()).toBe(5);
  });

  it('takes a job heavier than a transaction alone', async () => {
    await Promise.all([group.run(5_000, insert(1)), group.run(1, insert(2))]);
    expect(stored()).toEqual([1, 2]);
    expect(commitCount()).toBe(2);
  });

  it('drains what waits at once', async () => {
    const waiting = group.run(1, insert(1));
    group.drain();
    expect(stored()).toEqual([1]);
    await waiting;
  });
});
