/** A device of an account without a browser: makes the account, fills it with words and changes them, by the protocol. */
import { assert } from '../../src/base/assert.ts';
import { naturalId } from '../../src/client/db/natural-id.ts';
import { limits } from '../../src/protocol/limits.ts';
import type { Change, SessionReply, SyncReply, SyncRequest } from '../../src/protocol/messages.ts';
import { protocolVersion } from '../../src/protocol/version.ts';
import { schemaVersion } from '../../src/schema/tables.ts';
import { stampAt } from '../../src/sync/clock.ts';
import { columnsOfWord, makeWords, type BenchWord } from './rows.ts';

export interface Account {
  readonly name: string;
  readonly password: string;
}

export class RemoteDevice {
  readonly account: Account;
  /** Oldest first. */
  readonly words: readonly BenchWord[];
  readonly #origin: string;
  readonly #cookie: string;
  readonly #user: string;
  readonly #sequences = new Map<string, number>();
  #cursor = 0;

  /** An account that holds a profile and so many words. */
  static async create(origin: string, options: Account & { words: number; seed: number }): Promise<RemoteDevice> {
    const { words, seed, ...account } = options;
    const response = await fetch(`${origin}/api/account`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: JSON.stringify(account),
    });
    assert(response.ok, `an account is made (${response.status})`);
    const { user } = (await response.json()) as SessionReply;
    const cookie = response.headers.getSetCookie().at(-1)?.split(';')[0] ?? '';
    const device = new RemoteDevice({ origin, account, cookie, user: user.id, words: makeWords(words, seed) });
    await device.#fill();
    return device;
  }

  private constructor(parts: {
    origin: string;
    account: Account;
    cookie: string;
    user: string;
    words: readonly BenchWord[];
  }) {
    this.account = parts.account;
    this.words = parts.words;
    this.#origin = parts.origin;
    this.#cookie = parts.cookie;
    this.#user = parts.user;
  }

  /** Pulls everything that others changed, so that what is changed next does not conflict with it. */
  async catchUp(): Promise<number> {
    let rows = 0;
    for (let more = true; more;) {
      const reply = await this.#sync({ changes: [], limit: limits.pullRows });
      for (const page of reply.changes) {
        page.ids.forEach((id, index) => this.#sequences.set(id, page.seqs[index]!));
        rows += page.ids.length;
      }
      this.#cursor = reply.cursor;
      more = reply.more;
    }
    return rows;
  }

  /** Gives the newest words this translation, in one request. */
  async translateNewest(count: number, translation: string): Promise<void> {
    const stamp = stampAt(Date.now());
    await this.#push(
      this.words.slice(-count).map(({ id }, index) => ({
        table: 'vocabulary_item',
        id,
        op: 'update',
        stamp: stamp + index,
        values: { translation },
        baseSeq: this.#sequences.get(id) ?? 0,
      })),
    );
  }

  async #fill(): Promise<void> {
    const stamp = stampAt(Date.now());
    const insert = (table: string, id: string, values: Change['values']): Change => ({
      ...{ table, id, op: 'insert', stamp, baseSeq: 0 },
      ...(values ? { values } : {}),
    });
    const profile = { display_name: 'Ada', native_language: 'en', target_language: 'es', created_at: Date.now() };
    await this.#push([insert('profile', naturalId('profile', []), profile)]);
    for (let from = 0; from < this.words.length; from += limits.pushChanges) {
      const some = this.words.slice(from, from + limits.pushChanges);
      await this.#push(some.map((word) => insert('vocabulary_item', word.id, columnsOfWord(word))));
    }
  }

  async #push(changes: readonly Change[]): Promise<void> {
    const reply = await this.#sync({ changes, limit: 0 });
    reply.results.forEach((result, index) => {
      assert(result.status === 'applied', `change ${index} is applied: ${JSON.stringify(result)}`);
      this.#sequences.set(changes[index]!.id, result.seq);
    });
  }

  async #sync(parts: Pick<SyncRequest, 'changes' | 'limit'>): Promise<SyncReply> {
    const request: SyncRequest = {
      ...{ protocol: protocolVersion, schema: schemaVersion, user: this.#user, device: 'remote', writers: [] },
      ...{ epoch: '', cursor: this.#cursor, known: 0 },
      ...parts,
    };
    const response = await fetch(`${this.#origin}/api/sync`, {
      method: 'POST',
      headers: { origin: this.#origin, cookie: this.#cookie, 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
    assert(response.ok, `a sync of the remote device succeeds (${response.status})`);
    return (await response.json()) as SyncReply;
  }
}
