// Languages by code.

/** What is offered when a model does not say which languages it knows. */
export const common = [
  'en', 'es', 'fr', 'de', 'it', 'pt', 'nl', 'pl', 'sv', 'uk', 'ru', 'tr', 'el', 'ar', 'he', 'hi', 'zh', 'ja', 'ko', 'vi',
];

const names = new Intl.DisplayNames(['en'], { type: 'language' });

/** The English name of a code; the code itself when it has none. */
export function name(code: string): string {
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}

/** Where several target languages are on offer, this many are chosen at first. */
export const firstTargets = 3;
