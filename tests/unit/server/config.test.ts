import { describe, expect, it } from 'vitest';
import { defaultHttpConfig, readConfig } from '../../../src/server/config.ts';

function read(environment: Record<string, string>) {
  const config = readConfig(environment);
  if (!config.ok) throw new Error(config.error.join(' '));
  return config.value;
}

describe('the settings', () => {
  it('have defaults for an empty environment', () => {
    expect(read({})).toEqual({
      port: 8787,
      host: 'localhost',
      dataFile: 'data/lorikeet.db',
      databaseUrl: null,
      metrics: null,
      stopDelay: 0,
      compaction: { conflictAge: 7_776_000_000, deviceAge: 7_776_000_000, settle: 86_400_000 },
      push: { contact: 'mailto:lorikeet@localhost', loopback: false },
      http: defaultHttpConfig,
    });
  });

  it('tell push services where the operator is found: where they say, or where the app is', () => {
    expect(read({ PUBLIC_ORIGIN: 'https://lorikeet.example' }).push.contact).toBe('https://lorikeet.example');
    expect(read({ PUBLIC_ORIGIN: 'http://localhost:8787' }).push.contact).toBe('mailto:lorikeet@localhost');
    const named = { PUBLIC_ORIGIN: 'https://lorikeet.example', PUSH_CONTACT: 'mailto:ana@lorikeet.example' };
    expect(read(named).push.contact).toBe('mailto:ana@lorikeet.example');
    expect(read({ PUSH_LOOPBACK: 'yes' }).push.loopback).toBe(true);
    expect(read({ PUSH_LOOPBACK: 'no' }).push.loopback).toBe(false);
  });

  it('take what is set, and take an empty text for not set', () => {
    const config = read({ PORT: ' 0 ', HOST: '::', LORIKEET_DATA: '/srv/l.db', LOG_LEVEL: 'warn', SIGN_IN_TRIES: '' });
    expect(config).toMatchObject({ port: 0, host: '::', dataFile: '/srv/l.db' });
    expect(read({ DEVICE_DAYS: '180' }).compaction).toMatchObject({ deviceAge: 180 * 86_400_000 });
    expect(config.http).toMatchObject({ logLevel: 'warn', signInTries: defaultHttpConfig.signInTries });
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', '0x50'],
    ['LOG_LEVEL', 'verbose'],
    ['CONFLICT_DAYS', '0'],
    ['DEVICE_DAYS', '36501'],
    ['DELETION_DAYS', '0.5'],
    ['SIGN_IN_TRIES', '0'],
    ['TRUST_PROXY', 'true'],
    ['TRUST_PROXY', '1'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', '10.0.0.1,proxy.example'],
    ['TRUST_PROXY', '10.0.0.0/8/8'],
    ['METRICS_PORT', 'yes'],
    ['STOP_DELAY', '-1'],
    ['SYNCS_PER_MINUTE', '0'],
    ['PUSH_CONTACT', 'ana@lorikeet.example'],
    ['PUSH_CONTACT', 'http://lorikeet.example'],
    ['PUSH_LOOPBACK', '1'],
  ])('refuse %s=%s and name it', (name, value) => {
    const config = readConfig({ [name]: value });
    expect(config).toEqual({ ok: false, error: [expect.stringMatching(new RegExp(`^${name} must be .+\\.$`))] });
  });

  it.each([
    ['false', false],
    ['loopback', ['loopback']],
    ['10.0.0.0/8, ::1', ['10.0.0.0/8', '::1']],
    ['fd00::/8', ['fd00::/8']],
  ])('take TRUST_PROXY=%s', (text, expected) => {
    expect(read({ TRUST_PROXY: text }).http.trustProxy).toEqual(expected);
  });

  it('serve figures on a port of their own, on this machine alone unless a host is named', () => {
    expect(read({ METRICS_PORT: '9100' }).metrics).toEqual({ port: 9100, host: '127.0.0.1' });
    expect(read({ METRICS_PORT: '9100', METRICS_HOST: '::' }).metrics).toEqual({ port: 9100, host: '::' });
    expect(read({ METRICS_HOST: '::' }).metrics).toBeNull();
  });

  it('take the address of a PostgreSQL, and do not repeat a wrong one, which may hold a password', () => {
    for (const url of ['postgres://u:p@db:5432/lorikeet', 'postgresql:///lorikeet?host=/run/postgresql']) {
      expect(read({ DATABASE_URL: url }).databaseUrl).toBe(url);
    }
    for (const url of ['mysql://u:secret@db/x', 'secret']) {
      const config = readConfig({ DATABASE_URL: url });
      expect(config).toEqual({ ok: false, error: [expect.stringMatching(/^DATABASE_URL must be (?!.*secret)/)] });
    }
  });

  it('report every fault at once', () => {
    const config = readConfig({ PORT: 'x', TRUST_PROXY: 'x' });
    expect(config.ok ? [] : config.error).toHaveLength(2);
  });
});
