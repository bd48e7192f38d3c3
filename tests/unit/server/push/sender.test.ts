/** The real sender against a push service of our own. */
import webPush from 'web-push';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPushSender, type PushSender } from '../../../../src/server/push/sender.ts';
import { PushEndpoint } from '../../../support/push-endpoint.ts';

const keys = webPush.generateVAPIDKeys();
const contact = 'mailto:operator@lorikeet.example';

let service: PushEndpoint;
let sender: PushSender;
beforeEach(async () => {
  service = await PushEndpoint.start();
  sender = createPushSender({ keys, contact, rule: { loopback: true }, timeout: 60_000 });
});
afterEach(async () => {
  sender.close();
  await service.close();
});

describe('a message', () => {
  it('is encrypted for the browser and signed by the server, and holds nothing but its kind', async () => {
    const phone = service.browser('phone');
    expect(await sender.send(phone, 'news')).toEqual({ outcome: 'sent' });
    expect(service.faults).toEqual([]);
    const [message] = service.taken;
    expect(message).toMatchObject({ name: 'phone', text: '{"kind":"news"}', signedBy: keys.publicKey });
    expect(message!.claims).toMatchObject({ aud: service.url, sub: contact });
    expect(message!.claims.exp - Date.now() / 1_000).toBeLessThanOrEqual(24 * 3_600);
    expect(message!.headers).toMatchObject({ ttl: '86400', topic: 'news', 'content-encoding': 'aes128gcm' });
    expect(message!.body.toString('latin1')).not.toContain('news');
  });

  it('of due cards is not kept until the next day, and does not take the place of news', async () => {
    await sender.send(service.browser('phone'), 'due');
    expect(service.taken[0]).toMatchObject({ text: '{"kind":"due"}', headers: { ttl: '7200', topic: 'due' } });
  });
});

describe('what the push service answers', () => {
  it.each([
    [201, 'sent'],
    [200, 'sent'],
    [404, 'gone'],
    [410, 'gone'],
    [400, 'refused'],
    [403, 'refused'],
    [413, 'refused'],
    [302, 'refused'],
  ])('with %i: %s', async (status, outcome) => {
    service.answer = (response) => response.writeHead(status, { location: `${service.url}/elsewhere` }).end('a reply');
    expect(await sender.send(service.browser('phone'), 'news')).toEqual({ outcome });
    expect(service.taken).toHaveLength(1);
  });

  it.each([
    [429, '30', 30_000],
    [503, '999999', 3_600_000],
    [500, 'soon', 0],
    [502, undefined, 0],
  ])('with %i and Retry-After %s: later', async (status, retryAfter, after) => {
    service.answer = (response) =>
      response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end();
    expect(await sender.send(service.browser('phone'), 'news')).toEqual({ outcome: 'later', after });
  });

  it('never, or by hanging up: later, in time', async () => {
    const hasty = createPushSender({ keys, contact, rule: { loopback: true }, timeout: 100 });
    service.answer = () => undefined;
    expect(await hasty.send(service.browser('phone'), 'news')).toEqual({ outcome: 'later', after: 0 });
    service.answer = (response) => response.destroy();
    expect(await sender.send(service.browser('phone'), 'news')).toEqual({ outcome: 'later', after: 0 });
  });

  it('is not waited for when the server stops', async () => {
    const patient = createPushSender({ keys, contact, rule: { loopback: true }, timeout: 60_000 });
    service.answer = () => patient.close();
    expect(await patient.send(service.browser('phone'), 'news')).toEqual({ outcome: 'later', after: 0 });
  });
});

it('an endpoint that was stored under another rule is not posted to', async () => {
  const strict = createPushSender({ keys, contact, rule: { loopback: false } });
  expect(await strict.send(service.browser('phone'), 'news')).toEqual({ outcome: 'refused' });
  expect(service.taken).toEqual([]);
});
