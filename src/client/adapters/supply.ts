/** What the browser tells of the battery and of the person's wish to save data, and when that changes. */
import { savingOf, type Supply } from '../sparing.ts';
import type { Saving } from '../sync-api.ts';

/** Chromium family (2026-11); neither is in TypeScript's libraries. */
interface Battery extends EventTarget {
  readonly level: number;
  readonly charging: boolean;
}
export interface SupplyNavigator {
  readonly connection?: EventTarget & { readonly saveData?: boolean };
  readonly getBattery?: () => Promise<Battery>;
}

export interface SupplyWatch {
  readonly saving: Saving;
}

/** `onChange` is called when the device begins or ends to save. */
export function watchSupply(navigator: SupplyNavigator, onChange: () => void): SupplyWatch {
  let battery: Battery | null = null;
  let saving = savingOf(supplyOf(navigator, null));
  const look = (): void => {
    const before = saving;
    saving = savingOf(supplyOf(navigator, battery));
    if (saving !== before) onChange();
  };
  navigator.connection?.addEventListener('change', look);
  // Refused in some private windows and by policy: then nothing is known of the battery.
  void navigator.getBattery?.().then(
    (found) => {
      battery = found;
      for (const event of ['levelchange', 'chargingchange']) found.addEventListener(event, look);
      look();
    },
    () => undefined,
  );
  return {
    get saving() {
      return saving;
    },
  };
}

/** The data saver, which a service worker sees too. */
export function savesData({ connection }: Pick<SupplyNavigator, 'connection'>): boolean {
  return connection?.saveData === true;
}

function supplyOf(navigator: SupplyNavigator, battery: Battery | null): Supply {
  return { saveData: savesData(navigator), battery };
}
