/** The devices of an account as the person sees them: what has synced and what is signed in, as one list. */
import type { DeviceEntry, SessionItem } from '../../client/sync-api.ts';
import { agoWords } from './time-words.ts';

/** A device that syncs, a browser that is signed in, or mostly both; never neither. */
export interface AccountDevice {
  /** Of all in the list. */
  readonly key: string;
  readonly name: string;
  /** Milliseconds since 1970, as far as the server knows: it notes only now and then that a device was there. */
  readonly seenAt: number;
  /** The one that shows the list. */
  readonly here: boolean;
  readonly signedIn: boolean;
  /** What it is removed by; null: this one, or it has not synced. */
  readonly device: string | null;
  /** What it is signed out by; null: this one, or nobody is signed in there. */
  readonly session: string | null;
}

interface Lists {
  readonly devices: readonly DeviceEntry[];
  readonly sessions: readonly SessionItem[];
  /** The id of the device that shows the list. */
  readonly own: string;
}

/** This one first, then the last seen. */
export function accountDevices({ devices, sessions, own }: Lists): AccountDevice[] {
  const current = sessions.find((session) => session.current);
  const sessionOf = (device: DeviceEntry): SessionItem | undefined =>
    device.id === own ? current : sessions.find(({ id }) => id === device.session);
  const synced = devices.map((device): AccountDevice => {
    const session = sessionOf(device);
    const here = device.id === own;
    return {
      key: device.id,
      name: device.name || session?.deviceName || '',
      seenAt: Math.max(device.lastSeen, session?.usedAt ?? 0),
      here,
      signedIn: session !== undefined,
      device: here ? null : device.id,
      // Under the id that this device had before, or in a copy of its browser's profile: to end it would end ours.
      session: session && !session.current ? session.id : null,
    };
  });
  const ownSynced = synced.some(({ here }) => here);
  const known = new Set(devices.map(sessionOf).map((session) => session?.id));
  const onlySignedIn = sessions
    .filter(({ id, current: ours }) => (ours ? !ownSynced : !known.has(id)))
    .map(({ id, deviceName, usedAt, current: ours }): AccountDevice => ({
      key: id,
      name: deviceName,
      seenAt: usedAt,
      here: ours,
      signedIn: true,
      device: null,
      session: ours ? null : id,
    }));
  return [...synced, ...onlySignedIn].sort((a, b) => Number(b.here) - Number(a.here) || b.seenAt - a.seenAt);
}

export interface DeviceWords {
  readonly name: string;
  /** The same in the midst of a sentence. */
  readonly inSentence: string;
  readonly seen: string;
}

export function deviceWords({ name, here, seenAt, device, signedIn }: AccountDevice, now: number): DeviceWords {
  const note = !signedIn ? ', signed out' : device === null ? ', not synced yet' : '';
  const seen = here ? 'This device' : `Last here ${agoWords(seenAt, now)}${note}`;
  return { name: name || 'A browser', inSentence: name || 'a browser', seen };
}

/** What the person is asked before it is done, and told after. */
export interface DeviceQuestion {
  readonly title: string;
  readonly words: string;
  readonly note: string;
  readonly yes: string;
  readonly no: string;
  readonly done: string;
}

const sentenceStart = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

const unsent = 'What was changed there and not sent yet stays there, and is sent when someone signs in there again.';

export function signOutQuestion(inSentence: string): DeviceQuestion {
  return {
    title: 'Sign out there?',
    words: `Until you sign in there again, ${inSentence} sends nothing to your account and gets nothing from it.`,
    note: `The words on it stay there. ${unsent}`,
    yes: 'Sign out there',
    no: 'Leave it signed in',
    done: `Signed out on ${inSentence}.`,
  };
}

export function removeQuestion(inSentence: string, signedIn: boolean): DeviceQuestion {
  return {
    title: 'Remove this device?',
    words: `${sentenceStart(inSentence)} ${signedIn ? 'will be signed out and' : 'will be'} taken off this list. Your account keeps everything.`,
    note: `The words on it stay there: to take them off, sign out on the device itself. ${unsent}`,
    yes: 'Remove this device',
    no: 'Keep it',
    done: `Removed ${inSentence}.`,
  };
}

export const signOutAllQuestion: DeviceQuestion = {
  title: 'Sign out everywhere else?',
  words: 'You stay signed in here. On all other devices you have to sign in again before they sync.',
  note: `The words on them stay there. ${unsent}`,
  yes: 'Sign out everywhere else',
  no: 'Leave them signed in',
  done: 'Signed out everywhere else.',
};
