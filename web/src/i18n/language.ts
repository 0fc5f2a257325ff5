/** The languages of the studio, and which of them a reader gets. */

export type Language = "en" | "zh";

export const LANGUAGE_TAGS: Record<Language, string> = { en: "en", zh: "zh-Hans" };

/** The first of the preferred languages that the studio has; English if it has none of them. */
export function languageOf(preferred: readonly string[]): Language {
  const known = preferred.find((tag) => /^(en|zh)\b/i.test(tag));
  return known?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** The reader's own variant of the language, for dates and numbers: "en-GB" rather than "en". */
export function localeOf(language: Language, preferred: readonly string[]): string {
  return preferred.find((tag) => tag.startsWith(language)) ?? LANGUAGE_TAGS[language];
}
