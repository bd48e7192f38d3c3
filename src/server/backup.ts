/** ENTRY of `npm run backup -- FILE`: a copy of the server's SQLite file, made while it serves. */
import { readConfig } from './config.ts';
import { backUp } from './stores/sqlite/backup.ts';

function main([to, ...more]: readonly string[]): number {
  const config = readConfig(process.env);
  if (!config.ok) return giveUp(config.error);
  if (config.value.databaseUrl !== null) {
    return giveUp(['DATABASE_URL is set: PostgreSQL is backed up with pg_dump (docs/operations.md).']);
  }
  if (to === undefined || more.length > 0) return giveUp(['Say where to: npm run backup -- backups/monday.db']);
  const made = backUp({ from: config.value.dataFile, to });
  if (!made.ok) return giveUp([made.error]);
  const { accounts, rows, bytes } = made.value;
  process.stdout.write(`${to}: ${accounts} accounts, ${rows} rows, ${bytes} bytes.\n`);
  return 0;
}

function giveUp(reasons: readonly string[]): number {
  for (const reason of reasons) process.stderr.write(`${reason}\n`);
  return 1;
}

process.exitCode = main(process.argv.slice(2));
