import { describe, expect, it } from 'vitest';
import { isEndpoint, isPublicAddress, publicLookup } from '../../../../src/server/push/endpoint.ts';

const strict = { loopback: false };
const forTests = { loopback: true };

describe('an endpoint', () => {
  it.each([
    'https://fcm.googleapis.com/fcm/send/abc:def-_',
    'https://updates.push.services.mozilla.com/wpush/v2/gAAAA',
    'https://web.push.apple.com/QGuQyavXutnMH',
    'https://wns2-par02p.notify.windows.com/w/?token=BQYAAAA%3d',
    'https://push.example.:443/x',
  ])('of a push service is taken: %s', (endpoint) => {
    expect(isEndpoint(endpoint, strict)).toBe(true);
  });

  it.each([
    'http://push.example/x',
    'https://push.example:8443/x',
    'https://user:secret@push.example/x',
    'https://10.0.0.1/x',
    'https://8.8.8.8/x',
    'https://0x7f.1/x',
    'https://2130706433/x',
    'https://127.0.0.1./x',
    'https://[::1]/x',
    'https://[2606:4700::1111]/x',
    'https://localhost/x',
    'https://metadata/x',
    'https://a.localhost/x',
    'https://printer.local/x',
    'https://metadata.google.internal/x',
    'https://metadata.google.internal./x',
    'ftp://push.example/x',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'push.example/x',
    '',
    `https://push.example/${'x'.repeat(2_000)}`,
  ])('that is none, or leads inside, is refused: %s', (endpoint) => {
    expect(isEndpoint(endpoint, strict)).toBe(false);
  });

  it('on this machine is taken where tests need it, and nothing else more', () => {
    for (const endpoint of ['http://127.0.0.1:9/x', 'http://localhost:9/x', 'https://[::1]:9/x'])
      expect(isEndpoint(endpoint, forTests), endpoint).toBe(true);
    for (const endpoint of ['http://10.0.0.1/x', 'http://push.example/x', 'ftp://localhost/x'])
      expect(isEndpoint(endpoint, forTests), endpoint).toBe(false);
  });
});

describe('an address', () => {
  it.each(['8.8.8.8', '142.250.1.95', '2606:4700:4700::1111', '2a00:1450:4001:82a::200a'])(
    'is public: %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '169.254.169.254', '172.16.0.1', '192.168.1.1', '198.18.0.1'],
    ...['224.0.0.1', '255.255.255.255', '::1', '::', 'fe80::1', 'fd00::1', 'ff02::1', '::ffff:127.0.0.1'],
    ...['::ffff:8.8.8.8', '64:ff9b::a00:1', '2002:a00:1::', '2001:db8::1', '2001:0:1::', '2::1', 'push.example', ''],
  ])('is not public: %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('a look-up', () => {
  const ask = (name: string, rule: { loopback: boolean }, all: boolean) =>
    new Promise((resolve) => {
      publicLookup(rule)(name, { all }, (error, address) => resolve(error ? error.message : address));
    });

  it('of a name that leads to this machine fails, whatever the name', async () => {
    expect(await ask('localhost', strict, true)).toContain('not public');
    expect(await ask('localhost', strict, false)).toContain('not public');
    expect(await ask('10.0.0.1', forTests, false)).toContain('not public');
  });

  it('gives this machine where tests need it, in both ways that Node asks', async () => {
    expect(await ask('127.0.0.1', forTests, false)).toBe('127.0.0.1');
    expect(await ask('127.0.0.1', forTests, true)).toEqual([{ address: '127.0.0.1', family: 4 }]);
  });

  it('of a name that is none says so', async () => {
    expect(await ask('no such name', strict, true)).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });
});
