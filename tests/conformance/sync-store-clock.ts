/** How every `SyncStore` keeps time, and mends stamps that were refused. */
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/protocol/limits.ts';
import type { Change } from '../../src/protocol/messages.ts';
import { latestStamp } from '../../src/sync/change.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { start } from '../support/store-replies.ts';
import { value, type StoreDevice } from '../support/store-device.ts';

export function describeClock(device: StoreDevice): void {
  const { run, all, add, gather, apply } = device;

  describe('keeps time', () => {
    it('after every stamp that the account has seen', async () => {
      const ahead = stampAt(start + 60_000);
      await apply(await gather(), { clock: ahead });
      add('w1');
      expect((await gather()).changes[0]!.stamp).toBeGreaterThan(ahead);
    });

    it('by the clock of the server where its own is wrong', async () => {
      await apply(await gather(), { serverTime: start + 86_400_000 });
      add('w1');
      expect((await gather()).changes[0]!.stamp).toBeGreaterThanOrEqual(stampAt(start + 86_400_000));
    });

    it('and moves refused stamps back in their order, after all that the server may have seen', async () => {
      add('before');
      device.clock.now = start + 86_400_000;
      add('first');
      run(`UPDATE vocabulary_item SET note = 'edited' WHERE id = 'before'`);
      add('second');
      value(await device.store.correctClock(start));
      const { changes } = await gather();
      const at = (id: string): Change => changes.find((change) => change.id === id)!;
      for (const change of changes) expect(latestStamp(change)).toBeLessThanOrEqual(stampAt(start + limits.clockAhead));
      expect(at('before').stamp).toBeLessThan(at('first').stamp);
      expect(at('first').stamp).toBeLessThan(at('before').stamps!['note']!);
      expect(at('before').stamps!['note']!).toBeLessThan(at('second').stamp);
      add('third');
      const third = (await gather()).changes.find((change) => change.id === 'third')!;
      expect(third.stamp).toBeGreaterThan(at('second').stamp);
      expect(third.stamp).toBeLessThanOrEqual(stampAt(start + limits.clockAhead));
    });
  });

  it('moves refused stamps back around a record that is damaged', async () => {
    device.clock.now = start + 86_400_000;
    add('w1');
    add('w2');
    run(`UPDATE outbox SET stamps = '{' WHERE id = 'w1'`);
    value(await device.store.correctClock(start));
    const [kept] = all(`SELECT stamps FROM outbox WHERE id = 'w1'`);
    expect(kept).toEqual({ stamps: '{' });
    const { changes } = await gather();
    expect(changes.map(({ id }) => id)).toEqual(['w2']);
    expect(changes[0]!.stamp).toBeLessThanOrEqual(stampAt(start + limits.clockAhead));
  });

  it('moves refused stamps to after a state that was sent, whose answer was lost, and that was edited again', async () => {
    device.clock.now = start + limits.clockAhead - 1_000;
    add('w1');
    const sent = (await gather()).changes[0]!.stamp;
    run(`DELETE FROM vocabulary_item WHERE id = 'w1'`);
    device.clock.now = start + 86_400_000;
    add('w1');
    value(await device.store.correctClock(start));
    expect((await gather()).changes[0]!.stamp).toBeGreaterThan(sent);
  });
}
