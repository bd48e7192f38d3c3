/** Sync and accounts in memory, behind the contracts of src/client/sync-api.ts: for unit tests of the UI. */
import { err, ok, type Result } from '../../src/base/result.ts';
import type {
  AccountApi,
  DeviceEntry,
  ExportKind,
  PersonProof,
  PushControl,
  PushState,
  SessionItem,
  SyncActivity,
  SyncControl,
  SyncReason,
} from '../../src/client/sync-api.ts';
import type { Failure } from '../../src/protocol/errors.ts';
import type { SessionReply } from '../../src/protocol/messages.ts';

export class FakeSync implements SyncControl {
  readonly requests: SyncReason[] = [];
  #activity: SyncActivity = { running: false, failure: null, online: true, saving: null };
  readonly #listeners = new Set<(activity: SyncActivity) => void>();

  get activity(): SyncActivity {
    return this.#activity;
  }

  set activity(activity: SyncActivity) {
    this.#activity = activity;
    for (const listener of this.#listeners) listener(activity);
  }

  request(reason: SyncReason): void {
    this.requests.push(reason);
  }

  onActivity(listener: (activity: SyncActivity) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export class FakeAccount implements AccountApi {
  /** The failure of the next calls, until it is null again. */
  failure: Failure | null = null;
  readonly passwords = new Map<string, string>();

  async current(): Promise<Result<SessionReply, Failure>> {
    return err({ code: 'signed_out' });
  }

  async signUp(name: string, password: string): Promise<Result<SessionReply, Failure>> {
    if (this.failure) return err(this.failure);
    if (this.passwords.has(name)) return err({ code: 'name_taken' });
    this.passwords.set(name, password);
    return ok({ user: { id: `user-${name}`, name } });
  }

  async signIn(name: string, password: string): Promise<Result<SessionReply, Failure>> {
    if (this.failure) return err(this.failure);
    if (this.passwords.get(name) !== password) return err({ code: 'wrong_credentials' });
    return ok({ user: { id: `user-${name}`, name } });
  }

  async signOut(): Promise<Result<null, Failure>> {
    return this.failure ? err(this.failure) : ok(null);
  }

  readonly passkeys = null;
  listed: readonly SessionItem[] = [];
  /** Whose password the present one is. */
  user = 'ana';

  async sessions(): Promise<Result<readonly SessionItem[], Failure>> {
    return this.failure ? err(this.failure) : ok(this.listed);
  }

  async endSession(id: string): Promise<Result<null, Failure>> {
    if (this.failure) return err(this.failure);
    this.listed = this.listed.filter((session) => session.id !== id);
    return ok(null);
  }

  async endOtherSessions(): Promise<Result<null, Failure>> {
    if (this.failure) return err(this.failure);
    this.listed = this.listed.filter(({ current }) => current);
    return ok(null);
  }

  registered: readonly DeviceEntry[] = [];

  async devices(): Promise<Result<readonly DeviceEntry[], Failure>> {
    return this.failure ? err(this.failure) : ok(this.registered);
  }

  async retireDevice(id: string): Promise<Result<null, Failure>> {
    if (this.failure) return err(this.failure);
    this.registered = this.registered.filter((device) => device.id !== id);
    return ok(null);
  }

  async changePassword(proof: PersonProof, newPassword: string): Promise<Result<null, Failure>> {
    const failure = this.#check(proof);
    if (failure) return err(failure);
    this.passwords.set(this.user, newPassword);
    return ok(null);
  }

  async exportAll(as: ExportKind): Promise<Result<Blob, Failure>> {
    return this.failure ? err(this.failure) : ok(new Blob([`all of ${this.user} as ${as}`]));
  }

  async deleteAccount(proof: PersonProof): Promise<Result<null, Failure>> {
    const failure = this.#check(proof);
    if (failure) return err(failure);
    this.passwords.delete(this.user);
    return ok(null);
  }

  #check(proof: PersonProof): Failure | null {
    if (this.failure) return this.failure;
    const right = proof === 'passkey' || this.passwords.get(this.user) === proof.password;
    return right ? null : { code: 'wrong_password' };
  }
}

/** A browser that may be woken, or not. */
export class FakePush implements PushControl {
  present: PushState = { kind: 'off' };
  failure: Failure | null = null;
  /** What the person answers the browser. */
  answer: 'on' | 'off' | 'denied' = 'on';

  async state(): Promise<Result<PushState, Failure>> {
    return this.failure ? err(this.failure) : ok(this.present);
  }

  async turnOn(hour: number | null): Promise<Result<PushState, Failure>> {
    if (!this.failure) this.present = this.answer === 'on' ? { kind: 'on', hour } : { kind: this.answer };
    return this.state();
  }

  async turnOff(): Promise<Result<PushState, Failure>> {
    if (!this.failure) this.present = { kind: 'off' };
    return this.state();
  }

  async keep(): Promise<void> {}

  async forget(): Promise<void> {
    this.present = { kind: 'off' };
  }
}
