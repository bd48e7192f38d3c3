/** Accounts over `fetch`: what comes back is a value or a failure, never a throw. */
import { err, ok, type Result } from '../../base/result.ts';
import type { PasskeyResponse, Proof } from '../../protocol/account-messages.ts';
import type { Failure } from '../../protocol/errors.ts';
import type { Credentials, SessionReply } from '../../protocol/messages.ts';
import { parsePasskeysReply, parseSessionsReply } from '../../protocol/parse-account-reply.ts';
import { parseDevicesReply, parseSessionReply } from '../../protocol/parse-reply.ts';
import type { AccountApi, ExportKind, PasskeyApi, PersonProof } from '../sync-api.ts';
import { askOver, failureOf, type Ask } from './ask-server.ts';
import type { PasskeyPrompt } from './passkey-prompt.ts';

interface AccountApiOptions {
  readonly fetch: typeof fetch;
  /** How the session list calls this device. */
  readonly deviceName: string;
  /** Null where the browser knows no passkeys. */
  readonly prompt: PasskeyPrompt | null;
}

export function createAccountApi({ fetch: send, deviceName, prompt }: AccountApiOptions): AccountApi {
  const ask = askOver(send);
  const session = async (method: string, path: string, body?: Credentials): Promise<Result<SessionReply, Failure>> => {
    const reply = await ask(method, path, body);
    return reply.ok ? parseSessionReply(reply.value) : reply;
  };
  const done = async (method: string, path: string, body?: object): Promise<Result<null, Failure>> => {
    const reply = await ask(method, path, body);
    return reply.ok ? ok(null) : reply;
  };
  const prove = async (proof: PersonProof): Promise<Result<Proof, Failure>> => {
    if (proof !== 'passkey') return ok(proof);
    const shown = await showPasskey(ask, prompt, '/api/passkeys/confirmation');
    return shown.ok ? ok({ passkey: shown.value }) : shown;
  };
  return {
    current: () => session('GET', '/api/session'),
    signUp: (name, password) => session('POST', '/api/account', { name, password, deviceName }),
    signIn: (name, password) => session('POST', '/api/session', { name, password, deviceName }),
    signOut: () => done('DELETE', '/api/session'),
    async sessions() {
      const reply = await ask('GET', '/api/sessions');
      const parsed = reply.ok ? parseSessionsReply(reply.value) : reply;
      return parsed.ok ? ok(parsed.value.sessions) : parsed;
    },
    endSession: (id) => done('DELETE', `/api/sessions/${encodeURIComponent(id)}`),
    endOtherSessions: () => done('DELETE', '/api/sessions'),
    async devices() {
      const reply = await ask('GET', '/api/devices');
      const parsed = reply.ok ? parseDevicesReply(reply.value) : reply;
      return parsed.ok ? ok(parsed.value.devices) : parsed;
    },
    retireDevice: (id) => done('DELETE', `/api/devices/${encodeURIComponent(id)}`),
    async changePassword(proof, newPassword) {
      const proven = await prove(proof);
      return proven.ok ? done('PUT', '/api/account/password', { proof: proven.value, newPassword }) : proven;
    },
    async deleteAccount(proof) {
      const proven = await prove(proof);
      return proven.ok ? done('POST', '/api/account/deletion', { proof: proven.value }) : proven;
    },
    exportAll: (as) => download(send, as),
    passkeys: prompt && createPasskeyApi({ ask, done, prompt, deviceName }),
  };
}

async function download(send: typeof fetch, as: ExportKind): Promise<Result<Blob, Failure>> {
  try {
    const response = await send(`/api/account/export?format=${as}`, { credentials: 'same-origin', cache: 'no-store' });
    return response.ok ? ok(await response.blob()) : err(await failureOf(response));
  } catch (error) {
    return err({ code: 'offline', detail: String(error) });
  }
}

async function showPasskey(
  ask: Ask,
  prompt: PasskeyPrompt | null,
  path: string,
): Promise<Result<PasskeyResponse, Failure>> {
  if (!prompt) return err({ code: 'passkey_refused', detail: 'no passkeys in this browser' });
  const options = await ask('POST', path);
  return options.ok ? prompt.show(options.value) : options;
}

interface PasskeyApiOptions {
  readonly ask: Ask;
  readonly done: (method: string, path: string, body?: object) => Promise<Result<null, Failure>>;
  readonly prompt: PasskeyPrompt;
  readonly deviceName: string;
}

function createPasskeyApi({ ask, done, prompt, deviceName }: PasskeyApiOptions): PasskeyApi {
  const pathOf = (id: string): string => `/api/passkeys/${encodeURIComponent(id)}`;
  return {
    async offered() {
      const reply = await ask('GET', '/api/session/ways');
      return reply.ok && (reply.value as { readonly passkey?: unknown } | null)?.passkey === true;
    },
    async signIn() {
      const shown = await showPasskey(ask, prompt, '/api/session/passkey/options');
      if (!shown.ok) return shown;
      const reply = await ask('POST', '/api/session/passkey', { passkey: shown.value, deviceName });
      return reply.ok ? parseSessionReply(reply.value) : reply;
    },
    async list() {
      const reply = await ask('GET', '/api/passkeys');
      const parsed = reply.ok ? parsePasskeysReply(reply.value) : reply;
      return parsed.ok ? ok(parsed.value.passkeys) : parsed;
    },
    async add(name) {
      const options = await ask('POST', '/api/passkeys/options');
      const made = options.ok ? await prompt.make(options.value) : options;
      return made.ok ? done('POST', '/api/passkeys', { name, passkey: made.value }) : made;
    },
    rename: (id, name) => done('PATCH', pathOf(id), { name }),
    remove: (id) => done('DELETE', pathOf(id)),
  };
}
