/** Texts in the reader's language, with the plural rules of that language. */

import { useCallback } from "react";
import { useSettings } from "../app/settings";
import { en } from "./en";
import { zh } from "./zh";

export type Text = string | Partial<Record<Intl.LDMLPluralRule, string>>;
export type Key = keyof typeof en;
export type Messages = Record<Key, Text>;
export type Language = "en" | "zh";
export type Values = Record<string, string | number>;
export type Translate = (key: Key, values?: Values) => string;

const MESSAGES: Record<Language, Messages> = { en, zh };
const TAGS: Record<Language, string> = { en: "en", zh: "zh-Hans" };

export function languageOf(preferred: readonly string[]): Language {
  return preferred
    .find((tag) => /^(en|zh)\b/i.test(tag))
    ?.toLowerCase()
    .startsWith("zh")
    ? "zh"
    : "en";
}

/** The language as it is written where the reader lives, for dates and numbers: "en-GB" rather than "en". */
export function localeOf(language: Language, preferred: readonly string[]): string {
  return preferred.find((tag) => tag.startsWith(language)) ?? TAGS[language];
}

/** The text of `key`: `{name}` is replaced by a value; `n` picks the plural form. Numbers are written as usual there. */
export function translate(language: Language, key: Key, values: Values = {}): string {
  const message: Text = MESSAGES[language][key];
  const text =
    typeof message === "string"
      ? message
      : (message[new Intl.PluralRules(TAGS[language]).select(Number(values.n))] ?? message.other ?? key);
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    return typeof value === "number" ? value.toLocaleString(TAGS[language]) : (value ?? "");
  });
}

export function useText(): { t: Translate; language: Language; locale: string } {
  const language = useSettings((settings) => settings.language);
  const t = useCallback<Translate>((key, values) => translate(language, key, values), [language]);
  return { t, language, locale: localeOf(language, navigator.languages) };
}
