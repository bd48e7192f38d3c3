/**
 * Copies a store into another, account by account, a slice of rows at a time. Cut short anywhere and begun again it goes on
 * where it was: an account is whole or can be told to be not, and its rows are put in order. In the end both sides are read
 * and compared, by counts and by checksums of everything that was copied.
 */
import { createHash } from 'node:crypto';
import { err, ok, type Result } from '../base/result.ts';
import type { CopySide } from './store-copy.ts';

export interface CopyOptions {
  readonly from: CopySide;
  readonly to: CopySide;
  /** Rows read and written at a time. */
  readonly slice?: number;
  /** Called when another account is whole. */
  readonly onAccount?: () => void;
}

export interface Copied {
  readonly accounts: number;
  readonly rows: number;
  /** SHA-256, hexadecimal, of the keys, all accounts and their rows in order: the same on both sides. */
  readonly checksum: string;
}

/** The error is a sentence for the operator. */
export async function copyStore(options: CopyOptions): Promise<Result<Copied, string>> {
  const { from, to, slice = 500, onAccount } = options;
  // A server that was started on the empty copy made keys of its own; nobody has subscribed with them.
  if ((await to.accounts('')).length === 0) await to.putPushKeys(await from.pushKeys());
  for await (const id of accountsOf(from)) {
    if ((await to.account(id)) === null) await copyAccount({ from, to, slice, id });
    onAccount?.();
  }
  const [source, copy] = [await summaryOf(from, slice), await summaryOf(to, slice)];
  if (source.accounts === copy.accounts && source.rows === copy.rows && source.checksum === copy.checksum)
    return ok(copy);
  return err(
    `The copy differs: ${copy.accounts} accounts and ${copy.rows} rows, of ${source.accounts} and ${source.rows}. ` +
      'Either side was in use, or the copy held something before. Stop all servers and begin again with an empty copy.',
  );
}

interface AccountOptions {
  readonly from: CopySide;
  readonly to: CopySide;
  readonly slice: number;
  readonly id: string;
}

async function copyAccount({ from, to, slice, id }: AccountOptions): Promise<void> {
  await to.begin(id);
  for await (const rows of slicesOf(from, { id, slice, after: await to.last(id) })) await to.putRows(id, rows);
  const account = await from.account(id);
  if (account) await to.finish(account);
}

async function* accountsOf(side: CopySide): AsyncGenerator<string> {
  let ids = await side.accounts('');
  while (ids.length > 0) {
    yield* ids;
    ids = await side.accounts(ids.at(-1)!);
  }
}

type Place = Awaited<ReturnType<CopySide['last']>>;

async function* slicesOf(
  side: CopySide,
  { id, slice, after }: { readonly id: string; readonly slice: number; readonly after: Place },
): AsyncGenerator<Awaited<ReturnType<CopySide['rows']>>> {
  let rows = await side.rows(id, { after, limit: slice });
  while (rows.length > 0) {
    yield rows;
    rows = await side.rows(id, { after: rows.at(-1)!, limit: slice });
  }
}

async function summaryOf(side: CopySide, slice: number): Promise<Copied> {
  const hash = createHash('sha256');
  let [accounts, rows] = [0, 0];
  hash.update(textOf(await side.pushKeys()));
  for await (const id of accountsOf(side)) {
    accounts += 1;
    hash.update(textOf(await side.account(id)));
    for await (const some of slicesOf(side, { id, slice, after: null })) {
      rows += some.length;
      for (const { table, id: row, seq, deleted, data, meta } of some)
        hash.update(textOf([table, row, seq, deleted, data, meta]));
    }
  }
  return { accounts, rows, checksum: hash.digest('hex') };
}

/** A text of PostgreSQL has no U+0000; in a name it stands there as the sign for what is none. */
function textOf(value: object | null): string {
  return `${JSON.stringify(value).replaceAll('\\u0000', '\uFFFD')}\n`;
}
