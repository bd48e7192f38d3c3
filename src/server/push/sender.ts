/**
 * Sends one message to one push service (RFC 8030): encrypted for the browser, signed by this server, and without a word of
 * the person in it. What comes back is what to do next. The reply's body is not read: it is nobody's here.
 */
import http from 'node:http';
import https from 'node:https';
import webPush from 'web-push';
import type { PushTarget, VapidKeys } from '../push-store.ts';
import { isEndpoint, publicLookup, type EndpointRule } from './endpoint.ts';

/** What a service worker is told: look for news, or it is time to say which cards are due. */
export type PushKind = 'news' | 'due';

/**
 * `sent`: the service took it. `gone`: the browser takes no more. `later`: may pass, and how long the service wants to be
 * left alone, in milliseconds. `refused`: will not pass by itself.
 */
export type Delivery =
  { readonly outcome: 'sent' | 'gone' | 'refused' } | { readonly outcome: 'later'; readonly after: number };

export interface PushSender {
  send(target: PushTarget, kind: PushKind): Promise<Delivery>;
  /** Gives up what is under way. */
  close(): void;
}

interface SenderOptions {
  readonly keys: VapidKeys;
  /** How a push service reaches the operator: a `mailto:` or an `https:` address. */
  readonly contact: string;
  readonly rule: EndpointRule;
  /** A service that has not answered after this is tried again later, in milliseconds. */
  readonly timeout?: number;
}

/**
 * How long a service keeps a message for a browser that is away, in seconds. One of the same kind that comes later takes its
 * place (the topic). News can wait until the device is in use; a reminder of this evening is none tomorrow.
 */
const kinds = {
  news: { TTL: 86_400, urgency: 'normal', topic: 'news' },
  due: { TTL: 7_200, urgency: 'normal', topic: 'due' },
} as const;

const timeoutDefault = 10_000;
const longestWait = 3_600_000;

export function createPushSender({ keys, contact, rule, timeout = timeoutDefault }: SenderOptions): PushSender {
  const lookup = publicLookup(rule);
  const giveUp = new AbortController();

  const post = (target: PushTarget, kind: PushKind): Promise<Delivery> => {
    const { endpoint, headers, body } = webPush.generateRequestDetails(
      { endpoint: target.endpoint, keys: { p256dh: target.p256dh, auth: target.auth } },
      JSON.stringify({ kind }),
      { ...kinds[kind], vapidDetails: { subject: contact, ...keys }, contentEncoding: 'aes128gcm' },
    );
    const { request } = endpoint.startsWith('https:') ? https : http;
    const signal = AbortSignal.any([giveUp.signal, AbortSignal.timeout(timeout)]);
    return new Promise((resolve, reject) => {
      const options = { method: 'POST', headers: headers as http.OutgoingHttpHeaders, lookup, signal, agent: false };
      const sending = request(endpoint, options, (reply) => {
        reply.on('error', () => undefined);
        resolve(deliveryOf(reply));
        reply.destroy();
      });
      sending.once('error', reject);
      sending.end(body);
    });
  };

  return {
    async send(target, kind) {
      // Also of one that was stored under another rule.
      if (!isEndpoint(target.endpoint, rule)) return { outcome: 'refused' };
      try {
        return await post(target, kind);
      } catch {
        return { outcome: 'later', after: 0 };
      }
    },
    close: () => giveUp.abort(),
  };
}

function deliveryOf({ statusCode = 0, headers }: http.IncomingMessage): Delivery {
  if (statusCode >= 200 && statusCode < 300) return { outcome: 'sent' };
  if (statusCode === 404 || statusCode === 410) return { outcome: 'gone' };
  if (statusCode !== 429 && statusCode < 500) return { outcome: 'refused' };
  const seconds = Number(headers['retry-after'] ?? 0);
  return { outcome: 'later', after: seconds > 0 ? Math.min(seconds * 1_000, longestWait) : 0 };
}
