/** ENTRY of `npm run migrate-store -- --from … --to …`: copies all accounts between a SQLite file and PostgreSQL. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { err, type Result } from '../base/result.ts';
import { copyStore } from './copy-store.ts';
import type { CopySide } from './store-copy.ts';
import { openPostgresSide } from './stores/postgres/copy-side.ts';
import { openSqliteSide } from './stores/sqlite/copy-side.ts';

const usage = 'Say from where to where: npm run migrate-store -- --from data/lorikeet.db --to postgres://…';

async function main(): Promise<Result<unknown, string>> {
  const { from, to } = parseArgs({ options: { from: { type: 'string' }, to: { type: 'string' } } }).values;
  if (!from || !to || from === to) return err(usage);
  if (!isUrl(from) && !existsSync(from)) return err(`${from} is not there.`);
  const source = await openSide(from);
  if (!source.ok) return source;
  const target = await openSide(to);
  if (!target.ok) return target;
  let done = 0;
  const onAccount = (): void => {
    done += 1;
    if (done % 100 === 0) process.stdout.write(`${done} accounts\n`);
  };
  try {
    const copied = await copyStore({ from: source.value, to: target.value, onAccount });
    if (!copied.ok) return copied;
    const { accounts, rows, checksum } = copied.value;
    process.stdout.write(`${accounts} accounts and ${rows} rows, the same on both sides: ${checksum}\n`);
    return copied;
  } finally {
    await source.value.close();
    await target.value.close();
  }
}

function isUrl(place: string): boolean {
  return /^postgres(ql)?:\/\//.test(place);
}

async function openSide(place: string): Promise<Result<CopySide, string>> {
  return isUrl(place) ? openPostgresSide(place) : openSqliteSide(place);
}

const ended = await main().catch((error: unknown) => err(error instanceof Error ? error.message : String(error)));
if (!ended.ok) {
  process.stderr.write(`${ended.error}\n`);
  process.exitCode = 1;
}
