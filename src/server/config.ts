/** The server's settings, read from the environment once, at start. docs/operations.md lists them. */
import { isIP } from 'node:net';
import { err, ok, type Result } from '../base/result.ts';
import type { CompactionRules } from './exchange/compaction.ts';

/** Which proxies in front may say who the client is: none, or those at these addresses. */
export type TrustedProxies = false | string[];

export interface HttpConfig {
  readonly trustProxy: TrustedProxies;
  readonly logLevel: LogLevel;
  /** Where people reach the app, such as https://lorikeet.example; null: not told, then passkeys work on localhost only. */
  readonly publicOrigin: string | null;
  /** Sign-ins with one account before each further one has to wait longer; from one address three times as many. */
  readonly signInTries: number;
  /** Requests to sync from one address in a minute. */
  readonly syncsPerMinute: number;
  /** A request whose head and body are not complete after this is given up, in milliseconds. */
  readonly requestTimeout: number;
  /** Between two signs of life on an event stream, in milliseconds. */
  readonly heartbeat: number;
}

export interface Config {
  readonly port: number;
  readonly host: string;
  readonly dataFile: string;
  /** The PostgreSQL to use instead of the file; null: none. */
  readonly databaseUrl: string | null;
  /** Where `/metrics` is served; null: nowhere. */
  readonly metrics: { readonly port: number; readonly host: string } | null;
  /** Between the signal to stop and stopping, so that a load balancer notices, in milliseconds. */
  readonly stopDelay: number;
  readonly compaction: CompactionRules;
  readonly push: {
    /** How push services reach the operator: a `mailto:` or an `https:` address. */
    readonly contact: string;
    /** Whether browsers may be woken by an endpoint on this machine; for tests. */
    readonly loopback: boolean;
  };
  readonly http: HttpConfig;
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
type LogLevel = (typeof logLevels)[number];

export const defaultHttpConfig: HttpConfig = {
  trustProxy: false,
  logLevel: 'info',
  publicOrigin: null,
  signInTries: 10,
  syncsPerMinute: 1_200,
  requestTimeout: 30_000,
  heartbeat: 25_000,
};

type Environment = Readonly<Record<string, string | undefined>>;

/** The errors are sentences for the operator, one a wrong setting. */
export function readConfig(environment: Environment): Result<Config, string[]> {
  const faults: string[] = [];
  const take = <T>(name: string, fallback: T, parse: (text: string) => T | null, rule: string): T => {
    const text = environment[name]?.trim() ?? '';
    if (text === '') return fallback;
    const value = parse(text);
    if (value === null) faults.push(`${name} must be ${rule}, not "${text}".`);
    return value ?? fallback;
  };
  const metricsPort = take('METRICS_PORT', null, wholeNumber(0, 65_535), 'a port from 0 to 65535');
  const config: Config = {
    metrics:
      metricsPort === null
        ? null
        : { port: metricsPort, host: take('METRICS_HOST', '127.0.0.1', (text) => text, 'a host name or address') },
    stopDelay: take('STOP_DELAY', 0, wholeNumber(0, 60_000), 'milliseconds from 0 to 60000'),
    port: take('PORT', 8787, wholeNumber(0, 65_535), 'a port from 0 to 65535'),
    host: take('HOST', 'localhost', (text) => text, 'a host name or address'),
    dataFile: take('LORIKEET_DATA', 'data/lorikeet.db', (text) => text, 'the path of a file'),
    databaseUrl: readDatabaseUrl(environment, faults),
    compaction: {
      conflictAge: take('CONFLICT_DAYS', 90 * day, days, dayRule),
      deviceAge: take('DEVICE_DAYS', 90 * day, days, dayRule),
      settle: take('DELETION_DAYS', day, days, dayRule),
    },
    push: {
      contact: take('PUSH_CONTACT', contactOf(environment), parseContact, 'a mailto: or an https: address'),
      loopback: take('PUSH_LOOPBACK', false, parseYesNo, 'yes or no'),
    },
    http: {
      ...defaultHttpConfig,
      trustProxy: take(
        'TRUST_PROXY',
        defaultHttpConfig.trustProxy,
        parseProxies,
        'the addresses of the proxies in front, separated by commas (ranges like 10.0.0.0/8, or loopback)',
      ),
      logLevel: take('LOG_LEVEL', defaultHttpConfig.logLevel, parseLogLevel, `one of ${logLevels.join(', ')}`),
      publicOrigin: take(
        'PUBLIC_ORIGIN',
        defaultHttpConfig.publicOrigin,
        parseOrigin,
        'the address of the app without a path, such as https://lorikeet.example',
      ),
      signInTries: take(
        'SIGN_IN_TRIES',
        defaultHttpConfig.signInTries,
        wholeNumber(1, 1_000_000),
        'how often an account may be tried before delays begin, from 1 to 1000000',
      ),
      syncsPerMinute: take(
        'SYNCS_PER_MINUTE',
        defaultHttpConfig.syncsPerMinute,
        wholeNumber(1, 100_000_000),
        'how many syncs one address may ask for in a minute, from 1 to 100000000',
      ),
    },
  };
  return faults.length > 0 ? err(faults) : ok(config);
}

const day = 86_400_000;
const mostDays = 36_500;
const dayRule = `days from 1 to ${mostDays}`;

/** In milliseconds. */
function days(text: string): number | null {
  const count = wholeNumber(1, mostDays)(text);
  return count === null ? null : count * day;
}

/** Where people reach the app, if that is told: its operator can be found from there. */
function contactOf(environment: Environment): string {
  const origin = parseOrigin(environment['PUBLIC_ORIGIN']?.trim() ?? '');
  return origin?.startsWith('https:') ? origin : 'mailto:lorikeet@localhost';
}

function parseContact(text: string): string | null {
  return URL.canParse(text) && /^(mailto:.+@.+|https:\/\/.+)$/.test(text) ? text : null;
}

function parseYesNo(text: string): boolean | null {
  return text === 'yes' ? true : text === 'no' ? false : null;
}

/** It may hold a password, so a wrong one is not repeated. */
function readDatabaseUrl(environment: Environment, faults: string[]): string | null {
  const text = environment['DATABASE_URL']?.trim() ?? '';
  if (text === '') return null;
  if (URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol)) return text;
  faults.push('DATABASE_URL must be an address like postgres://user:password@host:5432/database.');
  return null;
}

function wholeNumber(min: number, max: number) {
  return (text: string): number | null => {
    const value = Number(text);
    return /^\d+$/.test(text) && value >= min && value <= max ? value : null;
  };
}

/** Browsers give passkeys only to HTTPS, and to a developer's localhost. */
function parseOrigin(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { origin, protocol, hostname } = new URL(text);
  const fits = protocol === 'https:' || (protocol === 'http:' && hostname === 'localhost');
  return fits && (text === origin || text === `${origin}/`) ? origin : null;
}

function parseLogLevel(text: string): LogLevel | null {
  return logLevels.find((level) => level === text) ?? null;
}

/** Neither `true` nor a number of hops: with them, anyone who reaches the port could name an address of their choice. */
function parseProxies(text: string): TrustedProxies | null {
  if (text === 'false') return false;
  const addresses = text.split(',').map((part) => part.trim());
  return addresses.every(isAddressRange) ? addresses : null;
}

function isAddressRange(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return prefix === undefined || wholeNumber(0, version === 4 ? 32 : 128)(prefix) !== null;
}
