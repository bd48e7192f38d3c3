/**
 * Every table, every conflict strategy, every direction: whatever devices do to rows that they know or made at the same
 * time, and whatever is lost on the way, in the end all hold what the server holds (I3, I5), and what was typed is
 * somewhere (I4). `convergence.test.ts` goes deeper on one table, with edits while a sync is under way.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/base/value.ts';
import type { Column, ConflictStrategy, Table } from '../../src/schema/column.ts';
import { strategyFrom } from '../../src/schema/policies.ts';
import { syncOrder, tables, type TableName } from '../../src/schema/tables.ts';
import type { Direction } from '../../src/sync/report.ts';
import { anyValue } from '../support/arbitrary-rows.ts';
import { DeviceUnderTest } from '../support/device-under-test.ts';
import { MemoryServer } from '../support/memory-server.ts';
import { holdsAlways } from '../support/property.ts';

type Fault = 'none' | 'request lost' | 'reply lost';
type Step =
  | { readonly kind: 'insert'; readonly device: number; readonly row: number; readonly seed: number }
  | { readonly kind: 'delete'; readonly device: number; readonly row: number }
  | {
      readonly kind: 'edit';
      readonly device: number;
      readonly row: number;
      readonly column: number;
      readonly seed: number;
    }
  | { readonly kind: 'time'; readonly by: number }
  | { readonly kind: 'sync'; readonly device: number; readonly direction: Direction; readonly fault: Fault };

const device = fc.nat(2);
const row = fc.nat(1);
const seed = fc.nat();
const step: fc.Arbitrary<Step> = fc.oneof<fc.WeightedArbitrary<Step>[]>(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('insert' as const), device, row, seed }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), device, row }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('edit' as const), device, row, column: fc.nat(), seed }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('time' as const), by: fc.nat(3) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('sync' as const),
      device,
      direction: fc.constantFrom<Direction>('up', 'down', 'both'),
      fault: fc.constantFrom<Fault>('none', 'none', 'request lost', 'reply lost'),
    }),
  },
);

const strategies: readonly ConflictStrategy[] = ['latest_timestamp', 'server_wins', 'local_wins', 'manual_review'];

describe.each(strategies)('under %s, all devices end with the rows of the server', (strategy) => {
  it.each(syncOrder)('in %s', async (table) => {
    await holdsAlways(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }), async (steps) => {
        const world = new World(table, strategy);
        for (const each of steps) await world.take(each);
        await world.settle();
        world.check();
      }),
      { numRuns: 12 },
    );
  });
});

class World {
  readonly #server = new MemoryServer();
  readonly #table: TableName;
  readonly #columns: readonly [string, Column][];
  readonly #devices: DeviceUnderTest[];
  #fault: Fault = 'none';
  /** Texts that were typed and that nobody who saw them replaced or deleted. */
  readonly #standing = new Set<string>();
  #typed = 0;

  constructor(table: TableName, strategy: ConflictStrategy) {
    this.#table = table;
    this.#columns = Object.entries<Column>(tables[table].columns);
    this.#server.pageRows = 3;
    this.#server.strategyFor = strategyFrom([{ key: 'conflict', value: JSON.stringify(strategy) }]);
    this.#devices = [0, 1, 2].map(
      (index) =>
        new DeviceUnderTest({
          name: `device-${index}`,
          transport: this.#server.transport(() => this.#fault),
          now: () => this.#server.now,
        }),
    );
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'time') {
      this.#server.now += step.by;
    } else if (step.kind === 'sync') {
      this.#fault = step.fault;
      await this.#devices[step.device]!.sync(step.direction);
      this.#fault = 'none';
    } else {
      this.#edit(step);
    }
  }

  /** Once for what each brings up, again for what the others brought, and for what their rows were decided to be. */
  async settle(): Promise<void> {
    for (let round = 0; round < 3; round += 1) for (const each of this.#devices) await each.sync();
  }

  check(): void {
    for (const each of this.#devices) {
      expect(each.waiting()).toBe(0);
      expect(each.all('SELECT * FROM rejected_change')).toEqual([]);
      for (const table of [this.#table, 'conflict'] as const) {
        expect(sorted(each.rows(table))).toEqual(sorted(this.#server.rows(table)));
      }
    }
    const kept = JSON.stringify([
      ...this.#server.rows(this.#table).values(),
      ...this.#server.rows('conflict').values(),
    ]);
    for (const text of this.#standing) expect(kept).toContain(text);
  }

  #edit(step: Extract<Step, { kind: 'insert' | 'delete' | 'edit' }>): void {
    const at = this.#devices[step.device]!;
    const id = `row-${step.row}`;
    const seen = at.rows(this.#table).get(id);
    if ((step.kind === 'insert') === (seen !== undefined)) return;
    if (step.kind === 'insert') {
      const values = this.#columns.map(([, column], index) => this.#value(column, step.seed + index));
      const names = this.#columns.map(([name]) => name);
      at.write((sql) =>
        sql.run(`INSERT INTO ${this.#table} (id, ${names.join(', ')}) VALUES (?${', ?'.repeat(names.length)})`, [
          id,
          ...values,
        ]),
      );
    } else if (step.kind === 'delete') {
      for (const value of Object.values(seen!)) this.#standing.delete(String(value));
      at.write((sql) => sql.run(`DELETE FROM ${this.#table} WHERE id = ?`, [id]));
    } else if (!(tables[this.#table] as Table).appendOnly) {
      const [name, column] = this.#columns[step.column % this.#columns.length]!;
      this.#standing.delete(String(seen![name]));
      const value = this.#value(column, step.seed);
      at.write((sql) => sql.run(`UPDATE ${this.#table} SET ${name} = ? WHERE id = ?`, [value, id]));
    }
  }

  /** A text that nobody typed before, in a column that people type into; else any value. */
  #value(column: Column, seed: number): Value {
    if (column.type !== 'text' || column.enum || column.computed)
      return fc.sample(anyValue(column), { seed, numRuns: 1 })[0]!;
    this.#typed += 1;
    const text = `<${this.#typed}>`.padEnd(column.minLength ?? 0, '.');
    this.#standing.add(text);
    return text;
  }
}

function sorted<V>(rows: Map<string, V>): [string, V][] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
}
