/**
 * The profile as the database had it last, beside the database: so the first screen is the right one, and asks for what it
 * shows, while the database opens. Forgotten when the device is emptied; what is not whole counts as none.
 */
import type { Row } from '../../schema/tables.ts';

const key = 'lorikeet-profile';

export function rememberedProfile(): Row<'profile'> | null {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? 'null');
    return isProfile(value) ? value : null;
  } catch {
    return null;
  }
}

export function rememberProfile(profile: Row<'profile'> | null): void {
  try {
    if (profile === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(profile));
  } catch {
    // Blocked cookies: the next start waits for the database.
  }
}

function isProfile(value: unknown): value is Row<'profile'> {
  if (typeof value !== 'object' || value === null) return false;
  const { id, display_name, native_language, target_language, created_at } = value as Record<string, unknown>;
  const texts = [id, display_name, native_language, target_language];
  return texts.every((text) => typeof text === 'string') && typeof created_at === 'number';
}
