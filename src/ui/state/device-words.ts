/** A device in the list, in words. */
import type { DeviceEntry } from '../../client/sync-api.ts';
import { agoWords } from './time-words.ts';

export interface DeviceWords {
  readonly name: string;
  /** The same in the midst of a sentence. */
  readonly inSentence: string;
  readonly seen: string;
}

/** `own`: the id of the device that shows the list. The server notes only now and then that a device was there. */
export function deviceWords(device: DeviceEntry, { own, now }: { own: string; now: number }): DeviceWords {
  return {
    name: device.name || 'A browser',
    inSentence: device.name || 'a browser',
    seen: device.id === own ? 'This device' : `Last here ${agoWords(device.lastSeen, now)}`,
  };
}
