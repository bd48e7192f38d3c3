import { describe, expect, it } from 'vitest';
import type { SyncStatusRow } from '../../../src/client/db/api.ts';
import type { SyncActivity } from '../../../src/client/sync-api.ts';
import { errors, type ErrorCode } from '../../../src/protocol/errors.ts';
import { chipOf, type ChipKind } from '../../../src/ui/state/chip.ts';

const signedIn: SyncStatusRow = {
  user_id: 'user-1',
  user_name: 'ana',
  device: 'device-1',
  waiting: 0,
  rejected: 0,
  open_conflicts: 0,
  cursor: 100,
  known: 100,
  last_sync_at: 1_000,
  last_error: null,
  notice: null,
  next_attempt_at: null,
};
const withoutAccount: SyncStatusRow = { ...signedIn, user_id: null, user_name: null, last_sync_at: null };
const calm: SyncActivity = { running: false, failure: null, online: true, saving: null };

interface Case {
  readonly when: string;
  readonly status: Partial<SyncStatusRow> | null;
  readonly activity?: Partial<SyncActivity>;
  readonly kind: ChipKind;
  readonly label: string;
}

const withAccountCases: readonly Case[] = [
  { when: 'all is done', status: {}, kind: 'synced', label: 'Synced' },
  { when: 'edits wait', status: { waiting: 3 }, kind: 'waiting', label: '3 waiting' },
  { when: 'a sync runs', status: { waiting: 3 }, activity: { running: true }, kind: 'syncing', label: 'Syncing' },
  { when: 'there is no connection', status: {}, activity: { online: false }, kind: 'offline', label: 'Offline' },
  {
    when: 'there is no connection and edits wait',
    status: { waiting: 2 },
    activity: { online: false },
    kind: 'offline',
    label: 'Offline · 2 waiting',
  },
  {
    when: 'a run tries without a connection',
    status: {},
    activity: { online: false, running: true },
    kind: 'offline',
    label: 'Offline',
  },
  { when: 'no run got through yet', status: { last_sync_at: null }, kind: 'waiting', label: 'Not synced yet' },
  { when: 'a change was refused', status: { rejected: 1 }, kind: 'attention', label: 'Needs attention' },
  { when: 'a conflict is open', status: { open_conflicts: 1 }, kind: 'attention', label: 'Needs attention' },
  {
    when: 'the stored run was signed out',
    status: { last_error: 'signed_out' },
    kind: 'attention',
    label: 'Needs attention',
  },
  {
    when: 'the person signed out after a sync had failed',
    status: { last_error: 'signed_out', waiting: 2 },
    activity: { failure: { code: 'unavailable' } },
    kind: 'attention',
    label: 'Needs attention',
  },
  {
    when: 'the session ended and there is no connection',
    status: { last_error: 'signed_out' },
    activity: { online: false },
    kind: 'attention',
    label: 'Needs attention',
  },
  {
    when: 'a new run may mend what failed',
    status: { last_error: 'signed_out' },
    activity: { running: true },
    kind: 'syncing',
    label: 'Syncing',
  },
  {
    when: 'the server is away and nothing waits',
    status: {},
    activity: { failure: { code: 'unavailable' } },
    kind: 'waiting',
    label: 'Will try again',
  },
  {
    when: 'the server is away and edits wait',
    status: { waiting: 1 },
    activity: { failure: { code: 'unavailable' } },
    kind: 'waiting',
    label: '1 waiting',
  },
];

describe('the chip', () => {
  it.each(withAccountCases)('says $kind when $when', ({ status, activity, kind, label }) => {
    const chip = chipOf({ status: { ...signedIn, ...status }, activity: { ...calm, ...activity } });
    expect(chip).toMatchObject({ kind, label });
  });

  it('says how much has arrived while a large load is under way', () => {
    const said = (cursor: number, known = 100_000) =>
      chipOf({ status: { ...signedIn, cursor, known }, activity: { ...calm, running: true } });
    expect(said(5_000)).toMatchObject({ kind: 'syncing', label: 'Loading' });
    expect(said(48_000)).toMatchObject({ kind: 'syncing', label: 'Loading · 40 %' });
    expect(said(48_000).words).toContain('40 % of what is on the server has arrived');
    // The end of it, and a few changes of another day, are over before anyone reads it.
    expect(said(99_000).label).toBe('Syncing');
    expect(said(500, 1_000).label).toBe('Syncing');
  });

  it('says that the app opens until the database answered', () => {
    expect(chipOf({ status: null, activity: calm }).kind).toBe('opening');
  });

  it('says that all is on this device without an account', () => {
    expect(chipOf({ status: withoutAccount, activity: calm })).toMatchObject({
      kind: 'device',
      label: 'On this device',
    });
  });

  it('says offline without an account, and that all is on this device', () => {
    const chip = chipOf({ status: withoutAccount, activity: { ...calm, online: false } });
    expect(chip).toMatchObject({ kind: 'offline', label: 'Offline' });
    expect(chip.words).toContain('on this device');
  });

  it('never says synced while anything is in doubt', () => {
    for (const code of Object.keys(errors) as ErrorCode[]) {
      expect(chipOf({ status: { ...signedIn, last_error: code }, activity: calm }).kind, code).not.toBe('synced');
      expect(chipOf({ status: signedIn, activity: { ...calm, failure: { code } } }).kind, code).not.toBe('synced');
    }
  });

  it('asks for the person only where the person can help', () => {
    for (const code of Object.keys(errors) as ErrorCode[]) {
      const { kind, words } = chipOf({ status: { ...signedIn, waiting: 1, last_error: code }, activity: calm });
      const personal = errors[code].retry === 'user' || errors[code].retry === 'never';
      expect(kind, code).toBe(personal ? 'attention' : 'waiting');
      expect(words).toContain(errors[code].words);
    }
  });

  it('counts the waiting changes in its words, one and many', () => {
    expect(chipOf({ status: { ...signedIn, waiting: 1 }, activity: calm }).words).toContain('1 change is kept');
    expect(chipOf({ status: { ...signedIn, waiting: 7 }, activity: calm }).words).toContain('7 changes are kept');
  });
});
