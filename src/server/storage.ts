/** Where the server keeps what it is told, by its settings: PostgreSQL when it has an address of one, else a SQLite file. */
import { ok, type Result } from '../base/result.ts';
import type { ChangeStore } from './change-store.ts';
import type { Config } from './config.ts';
import { createLocalPokeBus, type PokeBus } from './poke-bus.ts';
import { openPokeChannel } from './stores/postgres/poke-channel.ts';
import { openPostgresStore } from './stores/postgres/postgres-store.ts';
import { openSqliteStore } from './stores/sqlite/sqlite-store.ts';

export interface Storage {
  readonly store: ChangeStore;
  readonly pokes: PokeBus;
}

type Place = Pick<Config, 'databaseUrl' | 'dataFile'>;

/** The error is a sentence for the operator. */
export async function openStorage(place: Place, newId: () => string): Promise<Result<Storage, string>> {
  const { databaseUrl: url, dataFile: file } = place;
  if (url === null) {
    const opened = openSqliteStore({ file, newId });
    return opened.ok ? ok({ store: opened.value, pokes: createLocalPokeBus() }) : opened;
  }
  const opened = await openPostgresStore({ url, newId });
  return opened.ok ? ok({ store: opened.value, pokes: openPokeChannel({ url, origin: newId() }) }) : opened;
}
