/** What the app's database in memory holds. Tests put in and look up what they need. */
import type {
  ConflictRow,
  Mutations,
  RejectedRow,
  RunRow,
  SyncStatistics,
  SyncStatusRow,
} from '../../src/client/db/api.ts';
import type { Row } from '../../src/schema/tables.ts';

export class FakeRows {
  readonly words = new Map<string, Row<'vocabulary_item'>>();
  readonly conversations = new Map<string, Row<'conversation'>>();
  readonly messages = new Map<string, Row<'message'>>();
  readonly documents = new Map<string, Row<'document'>>();
  readonly reviews = new Map<string, Row<'review'>>();
  readonly settings = new Map<string, Row<'setting'>>();
  readonly conflicts: ConflictRow[] = [];
  statistics: SyncStatistics = {
    runs: 0,
    successes: 0,
    failures: 0,
    rows: 0,
    conflicts: 0,
    average_duration: null,
    p95_duration: null,
    last_success_at: null,
  };
  readonly resolutions: Mutations['conflicts.resolve'][] = [];
  readonly reopenings: Mutations['conflicts.reopen'][] = [];
  readonly readings = new Map<string, Mutations['documents.read']>();
  readonly runs: RunRow[] = [];
  readonly rejected: RejectedRow[] = [];
  profile: Row<'profile'> | null = null;
  /** Changed by tests; `changed()` tells the live queries. */
  status: SyncStatusRow = {
    user_id: null,
    user_name: null,
    device: 'device-1',
    waiting: 0,
    rejected: 0,
    open_conflicts: 0,
    cursor: 0,
    known: 0,
    last_sync_at: null,
    last_error: null,
    next_attempt_at: null,
    notice: null,
  };
  waiting: { table_name: string; waiting: number }[] = [];
}

export function messagesOf(rows: FakeRows, id: string): Row<'message'>[] {
  return [...rows.messages.values()].filter((row) => row.conversation_id === id).sort((a, b) => a.sent_at - b.sent_at);
}
