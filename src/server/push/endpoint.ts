/**
 * Which addresses the server may be made to post to. A person names the endpoint of their browser's push service, and a
 * server that posts wherever it is told is a way into its own network. So: HTTPS on its usual port, at a name; and when the
 * name is looked up, to connect, only public addresses count, whatever it stood for before.
 */
import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { limits } from '../../protocol/limits.ts';

/** `loopback`: endpoints on this machine are taken too, also over HTTP; for tests. */
export interface EndpointRule {
  readonly loopback: boolean;
}

export function isEndpoint(text: string, { loopback }: EndpointRule): boolean {
  if (text.length > limits.pushEndpoint || !URL.canParse(text)) return false;
  const { protocol, hostname, port, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  if (loopback && isLoopbackName(hostname)) return protocol === 'https:' || protocol === 'http:';
  return protocol === 'https:' && port === '' && isPublicName(hostname);
}

/** Node's look-up of a name, which fails where it leads to an address that is not public. */
export function publicLookup({ loopback }: EndpointRule): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, '');
      const allowed = loopback && isLoopbackName(hostname);
      const inside = addresses.some(({ address }) => !isPublicAddress(address));
      if (inside && !allowed) return done(new Error('the name leads to an address that is not public'), '');
      return answer(addresses, { all: options.all === true }, done);
    });
  };
}

function answer(
  addresses: LookupAddress[],
  { all }: { readonly all: boolean },
  done: Parameters<LookupFunction>[2],
): void {
  if (all) done(null, addresses);
  else done(null, addresses[0]!.address, addresses[0]!.family);
}

function isLoopbackName(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
}

/** A number is not looked up, and no push service is called by one. The URL's parser has undone every way to write one. */
function isPublicName(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '');
  if (isIP(name) !== 0 || name.startsWith('[') || !name.includes('.')) return false;
  return !/\.(localhost|local|internal|intranet|lan|home|corp|private|arpa|test|invalid|onion)$/.test(name);
}

/** By the registries of special-purpose addresses (RFC 6890 and its successors). */
const special = new BlockList();
const specialV4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
];
/** Within 2000::/3, which is all that is given out: what holds an IPv4 address or is for documents. */
const specialV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];
for (const [family, ranges] of [
  ['ipv4', specialV4],
  ['ipv6', specialV6],
] as const) {
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    special.addSubnet(address, Number(prefix), family);
  }
}

export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.check(address, 'ipv4');
  return family === 6 && /^[23]/.test(address) && /^.{4}:/.test(address) && !special.check(address, 'ipv6');
}
