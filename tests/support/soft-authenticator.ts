/** A passkey in software: answers WebAuthn ceremonies as a browser with an authenticator would, for tests in Node. */
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

interface CeremonyOptions {
  readonly challenge: string;
  readonly rpId?: string;
  readonly rp?: { readonly id?: string };
}

export class SoftAuthenticator {
  readonly credentialId = randomBytes(32).toString('base64url');
  counter = 0;
  /** Whether it asks for a PIN or a finger. */
  verifies = true;
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  /** What `navigator.credentials.create` gives. */
  create(options: CeremonyOptions, origin = 'http://localhost'): Record<string, unknown> {
    const authData = this.#authenticatorData(options.rp?.id ?? '', true);
    const attestationObject = cborMap([
      [cborText('fmt'), cborText('none')],
      [cborText('attStmt'), cborMap([])],
      [cborText('authData'), cborBytes(authData)],
    ]);
    return this.#answer({
      clientDataJSON: clientData('webauthn.create', options.challenge, origin),
      attestationObject: attestationObject.toString('base64url'),
      transports: ['internal'],
    });
  }

  /** What `navigator.credentials.get` gives. */
  get(options: CeremonyOptions, origin = 'http://localhost'): Record<string, unknown> {
    this.counter += 1;
    const authData = this.#authenticatorData(options.rpId ?? '', false);
    const clientDataJSON = clientData('webauthn.get', options.challenge, origin);
    const clientHash = createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest();
    const signature = sign('sha256', Buffer.concat([authData, clientHash]), this.#keys.privateKey);
    return this.#answer({
      clientDataJSON,
      authenticatorData: authData.toString('base64url'),
      signature: signature.toString('base64url'),
    });
  }

  #answer(response: Record<string, unknown>): Record<string, unknown> {
    const id = this.credentialId;
    return { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response };
  }

  #authenticatorData(rpId: string, attested: boolean): Buffer {
    const [present, verified, withCredential] = [0x01, 0x04, 0x40];
    const flags = present | (this.verifies ? verified : 0) | (attested ? withCredential : 0);
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    const head = [createHash('sha256').update(rpId).digest(), Buffer.from([flags]), counter];
    if (!attested) return Buffer.concat(head);
    const id = Buffer.from(this.credentialId, 'base64url');
    const length = Buffer.from([id.length >> 8, id.length & 0xff]);
    return Buffer.concat([...head, Buffer.alloc(16), length, id, coseKey(this.#keys.publicKey)]);
  }
}

function clientData(type: string, challenge: string, origin: string): string {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false })).toString('base64url');
}

/** RFC 9052: an ES256 key on P-256. */
function coseKey(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const negative = (value: number): Buffer => Buffer.from([0x20 | (-1 - value)]);
  return cborMap([
    [Buffer.from([1]), Buffer.from([2])],
    [Buffer.from([3]), negative(-7)],
    [negative(-1), Buffer.from([1])],
    [negative(-2), cborBytes(Buffer.from(x, 'base64url'))],
    [negative(-3), cborBytes(Buffer.from(y, 'base64url'))],
  ]);
}

function cborMap(entries: readonly (readonly [key: Buffer, value: Buffer])[]): Buffer {
  return Buffer.concat([Buffer.from([0xa0 | entries.length]), ...entries.flat()]);
}

function cborText(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x60 | text.length]), Buffer.from(text)]);
}

function cborBytes(bytes: Buffer): Buffer {
  const head = bytes.length < 256 ? [0x58, bytes.length] : [0x59, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.from(head), bytes]);
}
