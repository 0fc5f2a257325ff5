import type { en } from "./en";

/** A text, or one for each plural form of the language. */
export type Text = string | Partial<Record<Intl.LDMLPluralRule, string>>;
export type Key = keyof typeof en;
export type Messages = Record<Key, Text>;
export type Values = Record<string, string | number>;
export type Translate = (key: Key, values?: Values) => string;
