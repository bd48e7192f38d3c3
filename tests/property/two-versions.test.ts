/**
 * Two devices of one person start with an older app and are updated at some time, a third has the newer one from the start.
 * Whatever they edit meanwhile, and whatever is lost on the way, in the end all hold the same rows, with all columns and
 * tables of the newer app (I3, I5), and what was typed is somewhere (I4).
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/base/value.ts';
import { runMutation } from '../../src/client/db/mutations/run.ts';
import { currentSchema } from '../../src/schema/tables.ts';
import type { Direction } from '../../src/sync/report.ts';
import { addWord } from '../support/add-word.ts';
import { nextSchema } from '../support/next-schema.ts';
import { holdsAlways } from '../support/property.ts';
import { TwoVersions, type VersionedDevice } from '../support/two-versions.ts';

const columns = ['note', 'translation', 'colour'] as const;
const faults = ['none', 'none', 'none', 'request lost', 'reply lost'] as const;

type Step = { readonly device: number } & (
  | { readonly kind: 'add' | 'delete' | 'sticker'; readonly row: number }
  | { readonly kind: 'edit'; readonly row: number; readonly column: (typeof columns)[number] }
  | { readonly kind: 'sync'; readonly direction: Direction; readonly faults: readonly (typeof faults)[number][] }
  | { readonly kind: 'update' | 'leave and return' | 'time' }
);

const device = fc.nat(2);
const row = fc.nat(2);
const kind = <K extends string>(name: K) => fc.constant(name);
const step: fc.Arbitrary<Step> = fc.oneof<fc.WeightedArbitrary<Step>[]>(
  { weight: 3, arbitrary: fc.record({ kind: kind('add'), device, row }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('delete'), device, row }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('sticker'), device, row }) },
  { weight: 6, arbitrary: fc.record({ kind: kind('edit'), device, row, column: fc.constantFrom(...columns) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: kind('sync'),
      device,
      direction: fc.constantFrom<Direction>('both', 'both', 'up', 'down'),
      faults: fc.array(fc.constantFrom(...faults), { maxLength: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind('update'), device }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('time'), device }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('leave and return'), device }) },
);

describe.each([
  ['older', currentSchema],
  ['newer', nextSchema],
])('on a server of the %s version', (_, server) => {
  it('all devices end with the rows and columns of the newer app, and nothing typed is lost', async () => {
    await holdsAlways(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 50, size: 'max' }), async (steps) => {
        const world = new World(await TwoVersions.open(server));
        for (const each of steps) await world.take(each);
        await world.settle();
        world.check();
        await world.close();
      }),
      { numRuns: 25 },
    );
  });
});

class World {
  readonly #world: TwoVersions;
  readonly #devices: VersionedDevice[];
  /** Texts that nobody who saw them replaced or deleted, with the row and the column that they were typed into. */
  readonly #standing = new Map<string, { readonly row: string; readonly column: string }>();
  #typed = 0;

  constructor(world: TwoVersions) {
    this.#world = world;
    world.pageRows = 2;
    this.#devices = [world.device('phone'), world.device('tablet'), world.device('laptop', nextSchema)];
  }

  async close(): Promise<void> {
    for (const each of this.#devices) await each.database.close();
    await this.#world.store.close();
  }

  async take(step: Step): Promise<void> {
    const at = this.#devices[step.device]!;
    switch (step.kind) {
      case 'time':
        this.#world.now += 1;
        return;
      case 'update':
        this.#update(step.device);
        return;
      case 'leave and return':
        this.#leave(at);
        return;
      case 'sync':
        await this.#sync(at, step);
        return;
      default:
        this.#edit(at, step);
    }
  }

  /** Everything new is sent and heard of; each then has what the others brought, and what was decided about it. */
  async settle(): Promise<void> {
    this.#devices.forEach((_, index) => this.#update(index));
    for (let round = 0; round < 4; round += 1) for (const each of this.#devices) await each.sync();
  }

  check(): void {
    const [first, ...others] = this.#devices.map(contents);
    for (const other of others) expect(other).toEqual(first);
    const kept = JSON.stringify(first);
    for (const [text, { row: id, column }] of this.#standing) expect(kept, `${id}.${column}`).toContain(text);
    for (const each of this.#devices) {
      expect(each.waiting()).toBe(0);
      expect(each.all('SELECT refill, notice FROM sync_state')).toEqual([{ refill: null, notice: null }]);
      for (const table of ['unfilled_value', 'rejected_change', 'held_row', 'unconfirmed_row']) {
        expect(each.all(`SELECT * FROM ${table}`), table).toEqual([]);
      }
    }
    expect(this.#world.refusals).toEqual([]);
  }

  #update(index: number): void {
    const at = this.#devices[index]!;
    if (at.database.schema !== nextSchema) this.#devices[index] = at.upgraded(nextSchema);
  }

  /** Signs out with the rows staying on the device, for whoever comes next: the same person. */
  #leave({ database }: VersionedDevice): void {
    const newId = () => this.#world.newId('again');
    runMutation(database, { name: 'account.detach', args: { rows: 'release' }, newId });
    runMutation(database, { name: 'account.attach', args: { userId: 'ana', name: 'Ana' }, newId });
  }

  async #sync(at: VersionedDevice, step: Extract<Step, { kind: 'sync' }>): Promise<void> {
    const coming = [...step.faults];
    this.#world.fault = () => coming.shift() ?? 'none';
    await at.sync(step.direction);
    this.#world.fault = () => 'none';
  }

  #edit(at: VersionedDevice, step: Extract<Step, { readonly row: number }>): void {
    const id = `row-${step.row}`;
    if (step.kind === 'sticker') {
      const isKnown = at.database.schema === nextSchema && !at.rows('sticker').has(id);
      if (isKnown)
        at.write((sql) => sql.run('INSERT INTO sticker (id, shape) VALUES (?, ?)', [id, this.#type(id, 'shape')]));
      return;
    }
    const seen = at.rows('vocabulary_item').get(id);
    if ((step.kind === 'add') === (seen !== undefined)) return;
    if (step.kind === 'add') {
      at.write((sql) => addWord(sql, { id, word: id, translation: this.#type(id, 'translation') }));
    } else if (step.kind === 'delete') {
      this.#forget(id, seen!);
      at.write((sql) => sql.run('DELETE FROM vocabulary_item WHERE id = ?', [id]));
    } else if (step.kind === 'edit' && step.column in seen!) {
      this.#standing.delete(String(seen![step.column]));
      const text = this.#type(id, step.column);
      at.write((sql) => sql.run(`UPDATE vocabulary_item SET ${step.column} = ? WHERE id = ?`, [text, id]));
    }
  }

  /** Whoever deletes a row has seen it, and takes what it could not show along. */
  #forget(id: string, seen: Readonly<Record<string, Value>>): void {
    for (const value of Object.values(seen)) this.#standing.delete(String(value));
    for (const [text, at] of this.#standing) {
      if (at.row === id && at.column === 'colour' && (seen['colour'] ?? '') === '') this.#standing.delete(text);
    }
  }

  #type(id: string, column: string): string {
    this.#typed += 1;
    const text = `<${String(this.#typed)}>`;
    this.#standing.set(text, { row: id, column });
    return text;
  }
}

/** All rows; conflicts in an order of their own. */
function contents(at: VersionedDevice): Record<string, unknown> {
  return Object.fromEntries(
    at.database.schema.syncOrder.map((table) => [table, [...at.rows(table)].sort(([a], [b]) => (a < b ? -1 : 1))]),
  );
}
