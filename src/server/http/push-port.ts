/** What routes need of Web Push. */
import type { ReminderTime } from '../push-store.ts';

export interface PushPort {
  /** What browsers subscribe with, base64url. */
  readonly publicKey: string;
  /** Whether the server would post to this address. */
  takesEndpoint(endpoint: string): boolean;
  /** When the next reminder is; null when there is no such time zone. */
  reminderAt(time: ReminderTime): number | null;
  /** A push of this session was committed. */
  changed(news: { readonly user: string; readonly session: string; readonly kind: 'message' | 'edit' }): void;
  /** This session has everything that there was. */
  caughtUp(user: string, session: string): void;
}
