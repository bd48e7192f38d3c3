/** What servers on one PostgreSQL tell each other, as the JSON of a NOTIFY. */
export type Notice = readonly [origin: string, pokes: readonly PokeOf[]];
type PokeOf = readonly [user: string, head: number, from: string | null];

/**
 * Null for what is none of ours, as from a server of another version or whoever else can write to the channel: nothing is
 * missed by it, because the heads are asked for now and then.
 */
export function readNotice(payload: string | undefined): Notice | null {
  const notice = parse(payload);
  if (!Array.isArray(notice) || notice.length !== 2) return null;
  const [origin, pokes] = notice as readonly unknown[];
  return typeof origin === 'string' && Array.isArray(pokes) && pokes.every(isPoke) ? [origin, pokes] : null;
}

function isPoke(poke: unknown): poke is PokeOf {
  if (!Array.isArray(poke) || poke.length !== 3) return false;
  const [user, head, from] = poke as readonly unknown[];
  return typeof user === 'string' && Number.isSafeInteger(head) && (from === null || typeof from === 'string');
}

function parse(payload: string | undefined): unknown {
  try {
    return JSON.parse(payload ?? '');
  } catch {
    return null;
  }
}
