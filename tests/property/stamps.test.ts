/**
 * A device's stamps only rise, whatever its clock does: it jumps, stands still, is behind or days ahead, is corrected by
 * the server; the app is closed and opened in between; stamps of other devices are seen (I5 rests on it). And a later edit
 * of one device always beats its earlier ones, on every device.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assert } from '../../src/base/assert.ts';
import { Database } from '../../src/client/db/database.ts';
import { createSyncStore } from '../../src/client/db/sync-store.ts';
import type { SyncReply } from '../../src/protocol/messages.ts';
import { isLater, observe, stampAt, tick, timeOf } from '../../src/sync/clock.ts';
import { openNodeDriver } from '../support/node-driver.ts';
import { holds, holdsAlways } from '../support/property.ts';

const day = 86_400_000;
const start = 1_800_000_000_000;
const jump = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -3 * day, max: 3 * day }));

describe('stamps', () => {
  it('rise with every write and keep up with what was seen, whatever the clock says', () => {
    const now = fc.integer({ min: 0, max: 8_640_000_000_000 });
    const step = fc.oneof(
      now.map((time) => ({ time })),
      now.map((time) => ({ seen: stampAt(time) })),
    );
    holds(
      fc.property(fc.array(step), (steps) => {
        let last = 0;
        for (const each of steps) {
          const next = 'time' in each ? tick(last, each.time) : observe(last, each.seen);
          expect(Number.isSafeInteger(next)).toBe(true);
          if ('time' in each) {
            expect(next).toBeGreaterThan(last);
            expect(timeOf(next)).toBeGreaterThanOrEqual(each.time);
          } else {
            expect(next).toBe(Math.max(last, each.seen));
          }
          last = next;
        }
      }),
    );
  });

  it('order all writes of all devices, one way', () => {
    const write = fc.record({ stamp: fc.nat(3), device: fc.constantFrom('a', 'b', 'c') });
    holds(
      fc.property(write, write, write, (a, b, c) => {
        const same = a.stamp === b.stamp && a.device === b.device;
        expect(isLater(a, b) || isLater(b, a)).toBe(!same);
        expect(isLater(a, b) && isLater(b, a)).toBe(false);
        if (isLater(a, b) && isLater(b, c)) expect(isLater(a, c)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

type Step =
  | { readonly kind: 'jump'; readonly by: number }
  | { readonly kind: 'write' }
  | { readonly kind: 'reopen' }
  /** A sync brings the server's time and the highest stamp of the account, which is never behind what it took from here. */
  | { readonly kind: 'sync'; readonly ahead: number; readonly serverAhead: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ kind: fc.constant('jump' as const), by: jump }),
    fc.constant({ kind: 'write' as const }),
    fc.constant({ kind: 'reopen' as const }),
    fc.record({ kind: fc.constant('sync' as const), ahead: jump, serverAhead: jump }),
  ),
  { maxLength: 30, size: 'max' },
);

describe('the stamps of a file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'lorikeet-stamps-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('rise over restarts, clock jumps and syncs', async () => {
    let files = 0;
    await holdsAlways(
      fc.asyncProperty(steps, async (all) => {
        files += 1;
        const device = new Device(path.join(folder, `${files}.db`));
        let last = 0;
        for (const step of all) {
          const stamp = await device.take(step);
          if (stamp === null) continue;
          expect(stamp).toBeGreaterThan(last);
          last = stamp;
        }
        await device.close();
      }),
      { numRuns: 25 },
    );
  });
});

class Device {
  readonly #file: string;
  #database: Database;
  #now = start;
  #words = 0;

  constructor(file: string) {
    this.#file = file;
    this.#database = this.#open();
  }

  /** The stamp of the edit, where there was one. */
  async take(step: Step): Promise<number | null> {
    switch (step.kind) {
      case 'jump':
        this.#now += step.by;
        return null;
      case 'reopen':
        await this.#database.close();
        this.#database = this.#open();
        return null;
      case 'sync':
        await this.#sync(step);
        return null;
      case 'write':
        return this.#write();
    }
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  #open(): Database {
    const clock = { now: () => this.#now };
    const opened = Database.open({ driver: openNodeDriver(this.#file), clock, newId: () => 'device' });
    assert(opened.ok, 'the file is of this version');
    return opened.value;
  }

  #write(): number {
    this.#words += 1;
    const id = `setting-${this.#words}`;
    this.#database.write((sql) => sql.run(`INSERT INTO setting (id, key, value) VALUES (?, ?, '1')`, [id, id]));
    return this.#database.read((sql) => Number(sql.arrays('SELECT stamp FROM outbox WHERE id = ?', [id])[0]![0]));
  }

  /** Everything that waits is answered. */
  async #sync(step: Extract<Step, { kind: 'sync' }>): Promise<void> {
    const store = createSyncStore(this.#database);
    const batch = await store.gather('both');
    assert(batch.ok, 'a file answers');
    const serverTime = this.#now + step.serverAhead;
    const taken = batch.value.changes.map((change) => change.stamp);
    const reply: SyncReply = {
      results: batch.value.changes.map(() => ({ status: 'applied', seq: 1 })),
      changes: [],
      cursor: batch.value.cursor,
      epoch: 'e',
      head: batch.value.cursor,
      more: false,
      clock: Math.max(stampAt(serverTime + step.ahead), ...taken),
      serverTime,
    };
    expect(await store.apply(batch.value, reply)).toMatchObject({ ok: true });
  }
}
