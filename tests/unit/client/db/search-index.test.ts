import { describe, expect, it } from 'vitest';
import { StorageError } from '../../../../src/client/db/driver.ts';
import { planQuery } from '../../../../src/client/db/queries.ts';
import { answerPlan, keepIndexed, type Later } from '../../../../src/client/db/search-index.ts';
import { addWord } from '../../../support/add-word.ts';
import { DeviceUnderTest } from '../../../support/device-under-test.ts';
import { MemoryServer } from '../../../support/memory-server.ts';

function createWorld() {
  const server = new MemoryServer();
  const device = new DeviceUnderTest({ name: 'a', transport: server.transport(), now: () => server.now });
  const planned: (() => void)[] = [];
  const later: Later = (work) => {
    planned.push(work);
    return () => void planned.splice(planned.indexOf(work) >>> 0, 1);
  };
  return {
    device,
    planned,
    failures: [] as unknown[],
    later,
    /** The quiet moment has come. */
    quiet: () => planned.shift()?.(),
    addWords: (count: number) =>
      device.write((sql) => {
        for (let index = 0; index < count; index += 1) addWord(sql, { id: `w${index}`, word: `canción ${index}` });
      }),
    indexed: () => Number(device.all('SELECT count(*) AS n FROM vocabulary_item_fts_docsize')[0]!['n']),
  };
}

describe('the full-text index', () => {
  it('does not make a write wait for it', () => {
    const world = createWorld();
    world.addWords(3);
    expect(world.indexed()).toBe(0);
  });

  it('takes new rows in a part at a time when the database is quiet', () => {
    const world = createWorld();
    keepIndexed(world.device.database, { later: world.later, onFailure: (error) => world.failures.push(error) });
    world.addWords(1_200);
    expect(world.planned).toHaveLength(1);
    const parts = [1, 2, 3].map(() => {
      world.quiet();
      return world.indexed();
    });
    expect(parts).toEqual([500, 1_000, 1_200]);
    expect(world.planned).toEqual([]);
  });

  it('takes in at the start what was left behind, as after a sync with the app closed', () => {
    const world = createWorld();
    world.addWords(2);
    keepIndexed(world.device.database, { later: world.later, onFailure: (error) => world.failures.push(error) });
    world.quiet();
    expect(world.indexed()).toBe(2);
  });

  it('waits for the next quiet moment after every write, and for none after it was stopped', () => {
    const world = createWorld();
    const stop = keepIndexed(world.device.database, {
      later: world.later,
      onFailure: (error) => world.failures.push(error),
    });
    const [first] = world.planned;
    world.addWords(1);
    expect(world.planned).toHaveLength(1);
    expect(world.planned[0] === first).toBe(true);
    stop();
    expect(world.planned).toEqual([]);
    world.device.write((sql) => sql.run(`UPDATE vocabulary_item SET reps = 1`));
    expect(world.planned).toEqual([]);
  });

  it('tells a failure and is tried again after the next write', () => {
    const world = createWorld();
    const broken = {
      onCommit: world.device.database.onCommit.bind(world.device.database),
      indexNewRows: () => {
        throw new Error('full');
      },
    };
    keepIndexed(broken, { later: world.later, onFailure: (error) => world.failures.push(error) });
    world.quiet();
    expect(world.failures).toHaveLength(1);
    expect(world.planned).toEqual([]);
    world.addWords(1);
    expect(world.planned).toHaveLength(1);
  });

  it('is complete for a search, however far behind it was', () => {
    const world = createWorld();
    world.addWords(700);
    const found = answerPlan(world.device.database, planQuery('words.count', { search: 'cancion' }));
    expect(found).toEqual([{ total: 700 }]);
  });

  it('is done without where the disk is full', () => {
    const world = createWorld();
    world.addWords(12);
    const full = {
      read: world.device.database.read.bind(world.device.database),
      indexNewRows: () => {
        throw new StorageError('storage_full', 'full');
      },
    };
    expect(answerPlan(full, planQuery('words.count', { search: 'canción 1' }))).toEqual([{ total: 3 }]);
    const found = answerPlan(full, planQuery('words.list', { search: 'canción 11', limit: 5, offset: 0 }));
    expect(found).toMatchObject([{ word: 'canción 11' }]);
  });

  it('does not hide a bug behind a full disk', () => {
    const world = createWorld();
    const broken = {
      read: world.device.database.read.bind(world.device.database),
      indexNewRows: () => {
        throw new Error('a bug');
      },
    };
    expect(() => answerPlan(broken, planQuery('words.count', { search: 'x' }))).toThrow('a bug');
  });
});
