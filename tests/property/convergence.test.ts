/**
 * Any interleaving of edits, syncs and lost messages on several devices ends the same way for all (I3, I5), and no typed
 * value vanishes without a trace (I4). Real SQLite, real triggers, the real engine.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tables, type TableName } from '../../src/schema/tables.ts';
import { addWord } from '../support/add-word.ts';
import { DeviceUnderTest } from '../support/device-under-test.ts';
import { MemoryServer } from '../support/memory-server.ts';

type Fault = 'none' | 'request lost' | 'reply lost';
type Step =
  | { kind: 'add' | 'delete'; device: number; word: number }
  | { kind: 'edit'; device: number; word: number; column: 'word' | 'translation' | 'note' }
  | { kind: 'time'; by: number };
/** `during`: what the person goes on doing while each exchange is under way. */
type Sync = { kind: 'sync'; device: number; faults: Fault[]; direction: 'up' | 'down' | 'both'; during: Step[] };

const device = fc.nat(2);
const word = fc.nat(3);
const edit: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), device, word }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), device, word }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('edit' as const),
      device,
      word,
      column: fc.constantFrom('word' as const, 'translation' as const, 'note' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('time' as const), by: fc.nat(3) }) },
);
const sync: fc.Arbitrary<Sync> = fc.record({
  kind: fc.constant('sync' as const),
  device,
  direction: fc.constantFrom('up' as const, 'down' as const, 'both' as const, 'both' as const),
  faults: fc.array(fc.constantFrom<Fault>('none', 'request lost', 'reply lost'), { maxLength: 3 }),
  during: fc.array(edit, { maxLength: 3 }),
});
const step: fc.Arbitrary<Step | Sync> = fc.oneof({ weight: 2, arbitrary: edit }, { weight: 1, arbitrary: sync });

const add = (device: number): Step => ({ kind: 'add', device, word: 0 });
const remove = (device: number): Step => ({ kind: 'delete', device, word: 0 });
const retype = (device: number): Step => ({ kind: 'edit', device, word: 0, column: 'word' });
const annotate = (device: number): Step => ({ kind: 'edit', device, word: 0, column: 'note' });
const later: Step = { kind: 'time', by: 3 };
const push = (device: number, ...faults: Fault[]): Sync => ({
  kind: 'sync',
  device,
  direction: 'up',
  faults,
  during: [],
});
const pull = (device: number): Sync => ({ kind: 'sync', device, direction: 'down', faults: [], during: [] });

/** Runs that once failed: [steps, rows of a page]. */
const found: [(Step | Sync)[], number][] = [
  // The reply to a push that lost was lost too, and the row was pulled under the waiting insert.
  [[add(1), add(2), retype(1), push(1), push(2, 'reply lost'), pull(2)], 1],
  // A row was deleted before the server ever had it, then another device's edit brought back a part of it.
  [[add(2), remove(2), add(1), push(2), push(1), retype(1)], 1],
  // A deletion hid the newer value of another column from the device whose edit brought the row back.
  [[add(0), push(0), pull(2), pull(1), retype(1), push(1), later, remove(2), push(2), later, annotate(0), pull(0)], 1],
  // As two above, with the edit still in the insert whose first reply was lost.
  [[add(1), add(2), remove(2), push(2), push(1, 'reply lost'), retype(1)], 1],
];

describe('devices of one account', () => {
  it('hold the same rows as the server after all have synced, and every typed value is somewhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60, size: 'max' }),
        fc.integer({ min: 1, max: 4 }),
        async (steps, pageRows) => {
          const world = new World(pageRows);
          for (const each of steps) await world.take(each);
          await world.settle();
          world.check();
        },
      ),
      { numRuns: Number(process.env['RUNS'] ?? 200), examples: found },
    );
  });
});

class World {
  readonly server = new MemoryServer();
  #faults: Fault[] = [];
  #during: Step[] = [];
  readonly #devices: DeviceUnderTest[];
  /** Texts that were typed and that nobody who saw them replaced or deleted. */
  readonly #standing = new Set<string>();
  #count = 0;

  constructor(pageRows: number) {
    this.server.pageRows = pageRows;
    this.#devices = [0, 1, 2].map(
      (index) =>
        new DeviceUnderTest({
          name: `device-${index}`,
          transport: this.server.transport(() => this.#exchange()),
          now: () => this.server.now,
        }),
    );
  }

  async take(step: Step | Sync): Promise<void> {
    if (step.kind !== 'sync') return this.#edit(step);
    this.#faults = [...step.faults];
    this.#during = [...step.during];
    await this.#devices[step.device]!.sync(step.direction);
    this.#faults = [];
    this.#during = [];
  }

  #exchange(): Fault {
    const next = this.#during.shift();
    if (next) this.#edit(next);
    return this.#faults.shift() ?? 'none';
  }

  #edit(step: Step): void {
    if (step.kind === 'time') {
      this.server.now += step.by;
      return;
    }
    const device = this.#devices[step.device]!;
    const id = `word-${step.word}`;
    const seen = device.rows('vocabulary_item').get(id);
    if (step.kind === 'add' && !seen) {
      device.write((sql) => addWord(sql, { id, word: this.#type() }));
    } else if (step.kind === 'delete' && seen) {
      device.write((sql) => sql.run('DELETE FROM vocabulary_item WHERE id = ?', [id]));
      for (const value of Object.values(seen)) this.#standing.delete(String(value));
    } else if (step.kind === 'edit' && seen) {
      this.#standing.delete(String(seen[step.column]));
      device.write((sql) => sql.run(`UPDATE vocabulary_item SET ${step.column} = ? WHERE id = ?`, [this.#type(), id]));
    }
  }

  #type(): string {
    this.#count += 1;
    const text = `text ${this.#count}`;
    this.#standing.add(text);
    return text;
  }

  /** Twice around: what one brings up in the first round, the others fetch in the second. */
  async settle(): Promise<void> {
    for (let round = 0; round < 3; round += 1) for (const device of this.#devices) await device.sync();
  }

  check(): void {
    const kept = JSON.stringify([
      ...this.server.rows('vocabulary_item').values(),
      ...this.server.rows('conflict').values(),
    ]);
    // The quote ends the text, so that "text 1" is not found in "text 12".
    for (const text of this.#standing) expect(kept).toMatch(new RegExp(`${text}(\\\\)*"`));
    for (const device of this.#devices) {
      expect(device.waiting()).toBe(0);
      expect(device.all('SELECT * FROM rejected_change')).toEqual([]);
      for (const table of Object.keys(tables) as TableName[]) {
        expect(sorted(device.rows(table))).toEqual(sorted(this.server.rows(table)));
      }
      device.database.indexNewRows();
      const found = device.all(
        `SELECT count(*) AS n FROM vocabulary_item WHERE _rowid IN (SELECT rowid FROM vocabulary_item_fts WHERE vocabulary_item_fts MATCH 'text')`,
      );
      const expected = [...device.rows('vocabulary_item').values()].filter((row) =>
        [row['word'], row['translation'], row['note']].some((value) => String(value).includes('text')),
      );
      expect(found[0]!['n']).toBe(expected.length);
    }
  }
}

function sorted<V>(rows: Map<string, V>): [string, V][] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
}
