/** Texts in the reader's language. */

import { useCallback } from "react";
import { useSettings } from "../app/settings";
import { en } from "./en";
import { LANGUAGE_TAGS, type Language, localeOf } from "./language";
import type { Key, Messages, Text, Translate, Values } from "./types";
import { zh } from "./zh";

export type { Key, Language, Translate };

const MESSAGES: Record<Language, Messages> = { en, zh };

/** The text of `key`: `{name}` is replaced by a value, numbers in the format of the language; `n` picks the plural form. */
export function translate(language: Language, key: Key, values: Values = {}): string {
  const message: Text = MESSAGES[language][key];
  const text =
    typeof message === "string"
      ? message
      : (message[new Intl.PluralRules(LANGUAGE_TAGS[language]).select(Number(values.n))] ?? message.other ?? key);
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    return typeof value === "number" ? value.toLocaleString(LANGUAGE_TAGS[language]) : (value ?? "");
  });
}

export function useText(): { t: Translate; language: Language; locale: string } {
  const language = useSettings((settings) => settings.language);
  const t = useCallback<Translate>((key, values) => translate(language, key, values), [language]);
  return { t, language, locale: localeOf(language, navigator.languages) };
}
