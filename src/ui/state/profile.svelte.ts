/** Who learns what, and the settings of the person, as they are in the database. */
import type { DatabaseFailure, LocalDatabase } from '../../client/db/api.ts';
import type { Result } from '../../base/result.ts';
import type { Row } from '../../schema/tables.ts';
import { LiveRows } from './live-rows.svelte.ts';

export type Appearance = 'system' | 'light' | 'dark';

export interface Settings {
  /** Cards a day. */
  readonly dailyGoal: number;
  /** New cards a day that reviews offer by themselves. The database reads it too (client/db/queries.ts). */
  readonly newCardsPerDay: number;
  /** Minutes between two syncs when nothing else asks for one. */
  readonly syncInterval: number;
  readonly appearance: Appearance;
  /** Whether the offer of a starter deck was declined. */
  readonly deckDeclined: boolean;
}

const defaults: Settings = {
  dailyGoal: 20,
  newCardsPerDay: 20,
  syncInterval: 15,
  appearance: 'system',
  deckDeclined: false,
};

export class Profile {
  readonly #database: LocalDatabase;
  readonly #profile: LiveRows<'profile.get'>;
  readonly #settings: LiveRows<'settings.all'>;
  readonly #remembered: Row<'profile'> | null;

  /** `remembered`: as it was when the app ran last. */
  constructor(database: LocalDatabase, remembered: Row<'profile'> | null = null) {
    this.#database = database;
    this.#remembered = remembered;
    this.#profile = new LiveRows(database, 'profile.get');
    this.#settings = new LiveRows(database, 'settings.all');
  }

  open(): void {
    this.#profile.open({});
    this.#settings.open({});
  }

  close(): void {
    this.#profile.close();
    this.#settings.close();
  }

  /** Whether the database has said who learns what. */
  get loaded(): boolean {
    return this.#profile.rows !== null;
  }

  get failure(): DatabaseFailure | null {
    return this.#profile.failure;
  }

  /** Null before the first run is done. Before the database has answered, as it was when the app ran last. */
  get current(): Row<'profile'> | null {
    return this.loaded ? this.#profile.first : this.#remembered;
  }

  get settings(): Settings {
    return settingsFrom(this.#settings.rows ?? []);
  }

  /** Whether the stored settings are known yet. */
  get settingsLoaded(): boolean {
    return this.#settings.rows !== null;
  }

  async put<K extends keyof Settings>(key: K, value: Settings[K]): Promise<Result<null, DatabaseFailure>> {
    return this.#database.mutate('settings.put', { key: settingKeys[key], value: JSON.stringify(value) });
  }
}

const settingKeys = {
  dailyGoal: 'daily_goal',
  newCardsPerDay: 'new_cards_per_day',
  syncInterval: 'sync_interval_minutes',
  appearance: 'appearance',
  deckDeclined: 'starter_deck_declined',
} as const satisfies Record<keyof Settings, string>;

/** A value that is not what it should be (another version wrote it) counts as absent. */
export function settingsFrom(rows: readonly { readonly key: string; readonly value: string }[]): Settings {
  const stored = new Map(rows.map((row) => [row.key, parsed(row.value)]));
  const appearance = stored.get(settingKeys.appearance);
  return {
    dailyGoal: wholeNumber(stored.get(settingKeys.dailyGoal), { min: 1, max: 1_000 }) ?? defaults.dailyGoal,
    newCardsPerDay:
      wholeNumber(stored.get(settingKeys.newCardsPerDay), { min: 0, max: 1_000 }) ?? defaults.newCardsPerDay,
    syncInterval: wholeNumber(stored.get(settingKeys.syncInterval), { min: 1, max: 1_440 }) ?? defaults.syncInterval,
    appearance: appearance === 'light' || appearance === 'dark' ? appearance : defaults.appearance,
    deckDeclined: stored.get(settingKeys.deckDeclined) === true,
  };
}

function wholeNumber(value: unknown, { min, max }: { readonly min: number; readonly max: number }): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value : null;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
