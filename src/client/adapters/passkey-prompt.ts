/** The browser's own question for a passkey. Its code is loaded only when somebody uses one. */
import { err, ok, type Result } from '../../base/result.ts';
import type { PasskeyResponse } from '../../protocol/account-messages.ts';
import type { Failure } from '../../protocol/errors.ts';

export interface PasskeyPrompt {
  /** Both take the server's options and give what it then checks. */
  make(options: unknown): Promise<Result<PasskeyResponse, Failure>>;
  show(options: unknown): Promise<Result<PasskeyResponse, Failure>>;
}

/** Null in a browser without WebAuthn. */
export function browserPasskeyPrompt(scope: { readonly PublicKeyCredential?: unknown }): PasskeyPrompt | null {
  if (typeof scope.PublicKeyCredential !== 'function') return null;
  const load = () => import('@simplewebauthn/browser');
  return {
    make: (options) =>
      answered(async () => {
        const { startRegistration } = await load();
        return startRegistration({ optionsJSON: options as Parameters<typeof startRegistration>[0]['optionsJSON'] });
      }),
    show: (options) =>
      answered(async () => {
        const { startAuthentication } = await load();
        const optionsJSON = options as Parameters<typeof startAuthentication>[0]['optionsJSON'];
        return startAuthentication({ optionsJSON });
      }),
  };
}

/** A person who closes the question, and an authenticator that has nothing to show, both end as a rejection. */
async function answered(ask: () => Promise<object>): Promise<Result<PasskeyResponse, Failure>> {
  try {
    return ok((await ask()) as PasskeyResponse);
  } catch (error) {
    const known = error instanceof Error && error.name === 'InvalidStateError';
    return err({ code: known ? 'passkey_taken' : 'passkey_refused', detail: String(error) });
  }
}
