/** What befell this device's copy, in plain words: what happened, and that nothing was lost. */
import type { SyncNotice } from '../../client/db/api.ts';

export interface NoticeWords {
  readonly title: string;
  readonly words: string;
}

const notices: Readonly<Record<SyncNotice, NoticeWords>> = {
  away: {
    title: 'Welcome back',
    words:
      'This device was away for so long that everything was loaded afresh. What you changed here in the meantime is kept and was added.',
  },
  retired: {
    title: 'This device was removed from the list',
    words:
      'It is back now, as a new device. Everything was loaded afresh, and what you had changed here is kept and was added.',
  },
  restored: {
    title: 'The server was set back to a backup',
    words: 'Whatever it no longer had was sent again from this device. Something you deleted just before may be back.',
  },
  copied: {
    title: 'This device is a copy of another',
    words: 'Its browser data was copied or restored, so it counts as a device of its own from now on. Nothing is lost.',
  },
};

/** Null for one that only a newer version knows. */
export function noticeWords(notice: SyncNotice): NoticeWords | null {
  return Object.hasOwn(notices, notice) ? notices[notice] : null;
}
