/**
 * Signing up, in and out. Signing up or in attaches what is on the device; signing out keeps it for the same account or
 * removes it, as the person chooses. Nothing is removed before the person said so.
 */
import type { LocalDatabase } from '../../client/db/api.ts';
import type { AccountApi, ExportKind, PersonProof, PushControl, SyncControl } from '../../client/sync-api.ts';
import type { Failure } from '../../protocol/errors.ts';

export interface AccountPorts {
  readonly database: LocalDatabase;
  readonly account: AccountApi;
  readonly sync: SyncControl;
  readonly push: Pick<PushControl, 'forget'>;
}

export interface Entry {
  readonly way: 'sign-up' | 'sign-in';
  readonly name: string;
  readonly password: string;
}

export class Account {
  #busy = $state.raw(false);
  #failure = $state.raw<Failure | null>(null);
  readonly #ports: AccountPorts;
  #user: { readonly id: string; readonly name: string } | null = null;

  constructor(ports: AccountPorts) {
    this.#ports = ports;
  }

  get busy(): boolean {
    return this.#busy;
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  /** Whether the device holds another account's rows, and the person may remove them to go on. */
  get blocked(): boolean {
    return this.#failure?.code === 'wrong_account' && this.#user !== null;
  }

  /** True when signed in and attached. */
  async enter({ way, name, password }: Entry): Promise<boolean> {
    return this.#during(async () => {
      const { account } = this.#ports;
      const session = way === 'sign-up' ? await account.signUp(name, password) : await account.signIn(name, password);
      if (!session.ok) return session.error;
      this.#user = session.value.user;
      return this.#attach();
    });
  }

  /** Signs in with a passkey that the browser asks for; no name is typed. */
  async enterWithPasskey(): Promise<boolean> {
    return this.#during(async () => {
      const session = await this.#ports.account.passkeys?.signIn();
      if (!session) return { code: 'passkey_refused' };
      if (!session.ok) return session.error;
      this.#user = session.value.user;
      return this.#attach();
    });
  }

  /** Sets another password; the other devices have to sign in again. */
  async changePassword(proof: PersonProof, newPassword: string): Promise<boolean> {
    return this.#during(async () => {
      const changed = await this.#ports.account.changePassword(proof, newPassword);
      return changed.ok ? null : changed.error;
    });
  }

  /** The file, or null when it did not come. */
  async exportAll(as: ExportKind): Promise<Blob | null> {
    let file: Blob | null = null;
    await this.#during(async () => {
      const exported = await this.#ports.account.exportAll(as);
      if (!exported.ok) return exported.error;
      file = exported.value;
      return null;
    });
    return file;
  }

  /** Deletes the account on the server; then what is on the device is kept, of no account, or removed. */
  async remove(proof: PersonProof, rows: 'release' | 'remove'): Promise<boolean> {
    return this.#during(async () => {
      const removed = await this.#ports.account.deleteAccount(proof);
      if (!removed.ok) return removed.error;
      return this.#detach(rows);
    });
  }

  /** The account was deleted on another device: what is here is kept, of no account, or removed. */
  async part(rows: 'release' | 'remove'): Promise<boolean> {
    return this.#during(async () => {
      return this.#detach(rows);
    });
  }

  /** Removes the other account's rows from the device, then attaches: only after the person agreed. */
  async replaceOther(): Promise<boolean> {
    return this.#during(async () => {
      const removed = await this.#ports.database.mutate('account.detach', { rows: 'remove' });
      if (!removed.ok) return storageFailure(removed.error);
      return this.#attach();
    });
  }

  /** Goes on also when the server had ended the session already. */
  async leave(rows: 'keep' | 'remove'): Promise<boolean> {
    return this.#during(async () => {
      const out = await this.#ports.account.signOut();
      if (!out.ok && out.error.code !== 'signed_out') return out.error;
      return this.#detach(rows);
    });
  }

  clear(): void {
    this.#failure = null;
    this.#user = null;
  }

  async #detach(rows: 'keep' | 'release' | 'remove'): Promise<Failure | null> {
    // Who signs in here next is asked anew whether they want to be told of news. The browser may take its time.
    void this.#ports.push.forget();
    const detached = await this.#ports.database.mutate('account.detach', { rows });
    return detached.ok ? null : storageFailure(detached.error);
  }

  async #attach(): Promise<Failure | null> {
    if (this.#user === null) return { code: 'signed_out' };
    const attached = await this.#ports.database.mutate('account.attach', {
      userId: this.#user.id,
      name: this.#user.name,
    });
    if (!attached.ok) return storageFailure(attached.error);
    this.#user = null;
    this.#ports.sync.request('signed-in');
    return null;
  }

  async #during(work: () => Promise<Failure | null>): Promise<boolean> {
    if (this.#busy) return false;
    this.#busy = true;
    this.#failure = null;
    try {
      this.#failure = await work();
    } finally {
      this.#busy = false;
    }
    return this.#failure === null;
  }
}

function storageFailure(failure: { readonly code: string; readonly detail: string }): Failure {
  const { code, detail } = failure;
  if (code === 'wrong_account' || code === 'storage_full' || code === 'outdated') return { code, detail };
  return { code: 'storage_failed', detail };
}
