import { describe, expect, it } from 'vitest';
import { savesData, watchSupply } from '../../../../src/client/adapters/supply.ts';

class FakeBattery extends EventTarget {
  level = 1;
  charging = false;
}
class FakeConnection extends EventTarget {
  saveData = false;
}

describe('what the browser tells of its supply', () => {
  it('is heard of at once where it says to save data, and when that ends', () => {
    const connection = new FakeConnection();
    connection.saveData = true;
    let changes = 0;
    const watch = watchSupply({ connection }, () => (changes += 1));
    expect(watch.saving).toBe('data');
    expect(savesData({ connection })).toBe(true);
    connection.saveData = false;
    connection.dispatchEvent(new Event('change'));
    expect(watch.saving).toBeNull();
    expect(changes).toBe(1);
  });

  it('is heard of when the battery runs low and when it is charged', async () => {
    const battery = new FakeBattery();
    let changes = 0;
    const watch = watchSupply({ getBattery: () => Promise.resolve(battery) }, () => (changes += 1));
    await Promise.resolve();
    expect(watch.saving).toBeNull();
    battery.level = 0.15;
    battery.dispatchEvent(new Event('levelchange'));
    battery.level = 0.14;
    battery.dispatchEvent(new Event('levelchange'));
    expect(watch.saving).toBe('battery');
    expect(changes).toBe(1);
    battery.charging = true;
    battery.dispatchEvent(new Event('chargingchange'));
    expect(watch.saving).toBeNull();
  });

  it('is nothing where the browser has neither, or refuses to tell', async () => {
    const fails = (): void => expect.unreachable();
    expect(watchSupply({}, fails).saving).toBeNull();
    const refused = watchSupply({ getBattery: () => Promise.reject(new Error('NotAllowedError')) }, fails);
    await Promise.resolve();
    expect(refused.saving).toBeNull();
    expect(savesData({})).toBe(false);
  });
});
