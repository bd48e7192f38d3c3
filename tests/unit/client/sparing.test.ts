import { describe, expect, it } from 'vitest';
import { savingOf, spareFor, sparing } from '../../../src/client/sparing.ts';
import type { SyncReason } from '../../../src/client/sync-api.ts';

describe('a device is to be spared', () => {
  it.each([
    ['with the data saver on', { saveData: true, battery: null }, 'data'],
    ['with a battery that is low', { saveData: false, battery: { level: 0.2, charging: false } }, 'battery'],
    ['not while it is charging', { saveData: false, battery: { level: 0.05, charging: true } }, null],
    ['not with a battery that is fuller', { saveData: false, battery: { level: 0.21, charging: false } }, null],
    ['not where the browser tells nothing', { saveData: false, battery: null }, null],
  ] as const)('%s', (_, supply, saving) => expect(savingOf(supply)).toBe(saving));
});

describe('a sync on a device that is to be spared', () => {
  const lastAt = 1_000_000;
  const at = (reason: SyncReason, after: number, waiting = 0) =>
    spareFor(reason, { saving: 'battery', waiting, lastAt, now: lastAt + after });

  it.each(['person', 'signed-in', 'open'] as const)('that the person asks for (%s) begins at once', (reason) => {
    expect(at(reason, 1)).toBe(0);
  });

  it.each(['change', 'interval', 'visible', 'online'] as const)('with edits waiting (%s) keeps a pause', (reason) => {
    expect(at(reason, 1_000, 3)).toBe(sparing.sendEvery - 1_000);
    expect(at(reason, sparing.sendEvery, 3)).toBe(0);
  });

  it.each(['interval', 'visible', 'online', 'poke'] as const)('for news alone (%s) keeps a longer one', (reason) => {
    expect(at(reason, sparing.sendEvery)).toBe(sparing.lookEvery - sparing.sendEvery);
    expect(at(reason, sparing.lookEvery + 1)).toBe(0);
  });

  it('for a change begins as soon as for edits that wait: it may not be counted yet', () => {
    expect(at('change', 0)).toBe(sparing.sendEvery);
  });

  it('that never ran before begins at once', () => {
    expect(spareFor('interval', { saving: 'data', waiting: 1, lastAt: null, now: 5 })).toBe(0);
  });

  it('is put off on no other device', () => {
    expect(spareFor('change', { saving: null, waiting: 1, lastAt, now: lastAt })).toBe(0);
  });
});
