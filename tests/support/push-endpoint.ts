/**
 * A push service of our own on loopback, and the browser behind it: takes what a server sends (RFC 8030), checks who signed
 * it (VAPID, RFC 8292) and opens it (RFC 8188, 8291) with Node's cryptography alone, so that the library that the server
 * uses is not judged by itself.
 */
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { PushTarget } from '../../src/server/push-store.ts';

export interface TakenPush {
  /** Of the browser that it is for. */
  readonly name: string;
  /** What the browser would hand to its service worker. */
  readonly text: string;
  readonly headers: IncomingMessage['headers'];
  /** Whose key signed it, and what the signature says. */
  readonly signedBy: string;
  readonly claims: { readonly aud: string; readonly exp: number; readonly sub: string };
  /** As it came. */
  readonly body: Buffer;
}

type Answer = (response: ServerResponse) => void;

export class PushEndpoint {
  readonly taken: TakenPush[] = [];
  readonly #server = createServer((request, response) => void this.#take(request, response));
  readonly #browsers = new Map<string, { readonly ecdh: ReturnType<typeof createECDH>; readonly auth: Buffer }>();
  readonly #heard = new Set<() => void>();
  /** How it answers; default: 201. */
  answer: Answer = (response) => response.writeHead(201).end();
  /** Faults of what came: it would have been refused. */
  readonly faults: string[] = [];

  static async start(): Promise<PushEndpoint> {
    const endpoint = new PushEndpoint();
    endpoint.#server.listen(0, '127.0.0.1');
    await once(endpoint.#server, 'listening');
    return endpoint;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }

  /** What a browser of this name subscribes with. */
  browser(name: string): PushTarget {
    const ecdh = createECDH('prime256v1');
    const p256dh = ecdh.generateKeys('base64url');
    const auth = randomBytes(16);
    this.#browsers.set(name, { ecdh, auth });
    return { endpoint: `${this.url}/${name}`, p256dh, auth: auth.toString('base64url') };
  }

  /** Resolves when so many have come. */
  async count(wanted: number): Promise<readonly TakenPush[]> {
    while (this.taken.length < wanted) await new Promise<void>((resolve) => this.#heard.add(resolve));
    return this.taken;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    try {
      const name = request.url?.slice(1) ?? '';
      const text = this.#open(name, body);
      this.taken.push({ name, text, headers: request.headers, body, ...signatureOf(request.headers.authorization) });
    } catch (error) {
      this.faults.push(String(error));
    }
    this.answer(response);
    for (const heard of this.#heard) heard();
    this.#heard.clear();
  }

  /** RFC 8188 with the keys of RFC 8291: one record. */
  #open(name: string, body: Buffer): string {
    const browser = this.#browsers.get(name);
    if (!browser) throw new Error(`no browser ${name}`);
    const [salt, keyLength] = [body.subarray(0, 16), body.readUInt8(20)];
    const serverKey = body.subarray(21, 21 + keyLength);
    const sealed = body.subarray(21 + keyLength);
    const shared = browser.ecdh.computeSecret(serverKey);
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), browser.ecdh.getPublicKey(), serverKey]);
    const secret = Buffer.from(hkdfSync('sha256', shared, browser.auth, info, 32));
    const derive = (what: string, length: number): Buffer =>
      Buffer.from(hkdfSync('sha256', secret, salt, `Content-Encoding: ${what}\0`, length));
    const decipher = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12));
    decipher.setAuthTag(sealed.subarray(-16));
    const opened = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
    return opened.subarray(0, opened.lastIndexOf(2)).toString('utf8');
  }
}

/** `vapid t=<JWT>, k=<public key>`; throws when the key did not sign it. */
function signatureOf(authorization = ''): Pick<TakenPush, 'signedBy' | 'claims'> {
  const [, token = '', key = ''] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(authorization) ?? [];
  const point = Buffer.from(key, 'base64url');
  const coordinate = (from: number): string => point.subarray(from, from + 32).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(1), y: coordinate(33) };
  const [head = '', claims = '', signature = ''] = token.split('.');
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  const signed = Buffer.from(`${head}.${claims}`);
  const isSigned = verify(
    'sha256',
    signed,
    { key: publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  if (!isSigned) throw new Error('not signed by the key it names');
  return { signedBy: key, claims: JSON.parse(Buffer.from(claims, 'base64url').toString()) as TakenPush['claims'] };
}
