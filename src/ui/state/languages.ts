/** Languages the app offers: BCP 47 tags; their names come from the browser, so none is misspelt here. */

export const languageTags = [
  'ar',
  'ca',
  'cs',
  'da',
  'de',
  'el',
  'en',
  'es',
  'fi',
  'fr',
  'he',
  'hi',
  'hu',
  'id',
  'it',
  'ja',
  'ko',
  'nl',
  'no',
  'pl',
  'pt',
  'ro',
  'ru',
  'sv',
  'sw',
  'tr',
  'uk',
  'vi',
  'zh',
] as const;

export interface Language {
  readonly tag: string;
  /** In English, the language of the app. */
  readonly name: string;
  /** What its speakers call it. */
  readonly ownName: string;
}

export function languageName(tag: string, inLanguage = 'en'): string {
  try {
    const name = new Intl.DisplayNames([inLanguage], { type: 'language' }).of(tag) ?? tag;
    return name.charAt(0).toLocaleUpperCase(inLanguage) + name.slice(1);
  } catch {
    return tag;
  }
}

/** Sorted by their English names. */
export function allLanguages(): readonly Language[] {
  return languageTags
    .map((tag) => ({ tag, name: languageName(tag), ownName: languageName(tag, tag) }))
    .sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

/** What the browser is set to, where the app offers it; otherwise English. */
export function likelyNative(preferred: readonly string[]): string {
  for (const tag of preferred) {
    const base = tag.split('-')[0];
    const found = languageTags.find((known) => known === base);
    if (found) return found;
  }
  return 'en';
}

export function likelyTarget(native: string): string {
  return native === 'es' ? 'en' : 'es';
}
