/** Light or dark: the choice is a synced setting, remembered beside it so that the first paint is right already. */
import type { Appearance } from './profile.svelte.ts';

const key = 'lorikeet-appearance';

export function showAppearance(appearance: Appearance): void {
  if (appearance === 'system') delete document.documentElement.dataset['appearance'];
  else document.documentElement.dataset['appearance'] = appearance;
}

export function rememberedAppearance(): Appearance {
  try {
    const value = localStorage.getItem(key);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

export function rememberAppearance(appearance: Appearance): void {
  try {
    localStorage.setItem(key, appearance);
  } catch {
    // Blocked cookies: the choice is still in the database, only the first paint may differ.
  }
}
