/**
 * Two devices of one person and a server, in memory, on real SQLite, the real engine and the real merge: with what people
 * do on them.
 */
import type { ConflictStrategy } from '../../src/schema/column.ts';
import { strategyFrom } from '../../src/schema/policies.ts';
import type { Outcome } from '../../src/sync/machine.ts';
import type { Direction, SyncReport, Tally } from '../../src/sync/report.ts';
import { DeviceUnderTest } from './device-under-test.ts';
import { MemoryServer } from './memory-server.ts';

export const directions: readonly Direction[] = ['up', 'down', 'both'];

/** What a table's part of a report says when so many changes went well. */
export const sent = (count: number): Tally => ({ processed: count, succeeded: count, failed: 0, conflicts: 0 });

export class TwoDevices {
  readonly server = new MemoryServer();
  /** By the device's name: by how much its clock is wrong, in milliseconds. */
  readonly ahead: Record<string, number> = {};
  offline = false;
  readonly phone = this.device('phone');
  readonly laptop = this.device('laptop');

  device(name: string, user: string | null = 'ana'): DeviceUnderTest {
    const transport = this.server.transport(() => (this.offline ? 'request lost' : 'none'));
    return new DeviceUnderTest({ name, user, transport, now: () => this.server.now + (this.ahead[name] ?? 0) });
  }

  /** Both have synced, and what one of them sent has come to the other. */
  async meet(): Promise<void> {
    for (const each of [this.phone, this.laptop, this.phone, this.laptop]) await each.sync();
  }

  choose(strategy: ConflictStrategy): void {
    this.server.strategyFor = strategyFrom([{ key: 'conflict', value: JSON.stringify(strategy) }]);
  }

  run(of: DeviceUnderTest, sql: string, ...params: (string | number)[]): void {
    this.server.now += 10;
    of.write((write) => write.run(sql, params));
  }

  saveProfile(of: DeviceUnderTest, name: string): void {
    this.run(
      of,
      `INSERT INTO profile (id, display_name, native_language, target_language, created_at) VALUES ('me', ?, 'en', 'es', 1)
ON CONFLICT (id) DO UPDATE SET display_name = excluded.display_name`,
      name,
    );
  }

  talk(of: DeviceUnderTest, id: string): void {
    this.run(of, `INSERT INTO conversation (id, title, language, started_at) VALUES (?, 'At the market', 'es', 1)`, id);
  }

  say(of: DeviceUnderTest, id: string, conversation: string, at = 1): void {
    this.run(
      of,
      `INSERT INTO message (id, conversation_id, author, body, sent_at) VALUES (?, ?, 'learner', 'Hola', ?)`,
      id,
      conversation,
      at,
    );
  }

  study(of: DeviceUnderTest, id: string, amount: number): void {
    this.run(
      of,
      `INSERT INTO study_event (id, kind, language, amount, happened_at) VALUES (?, 'card_reviewed', 'es', ?, 1)`,
      id,
      amount,
    );
  }

  addText(of: DeviceUnderTest, id: string): void {
    this.run(
      of,
      `INSERT INTO document (id, title, language, content, content_hash, added_at) VALUES (?, 'A tale', 'es', 'Había una vez', ?, 1)`,
      id,
      'a'.repeat(64),
    );
  }
}

export async function report(of: DeviceUnderTest, direction: Direction = 'both'): Promise<SyncReport> {
  const outcome: Outcome = await of.sync(direction);
  if (outcome.kind !== 'done') throw new Error(`the sync ended with ${outcome.kind}`);
  return outcome.report;
}

export function nameOn(of: DeviceUnderTest): unknown {
  return of.rows('profile').get('me')?.['display_name'];
}
