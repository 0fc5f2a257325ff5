/** Theme, language, volume and kind of downloads, kept in the browser. */

import { create } from "zustand";
import { persist } from "zustand/middleware";
import { LANGUAGE_TAGS, type Language, languageOf } from "../i18n/language";

export type Theme = "system" | "light" | "dark";

interface Settings {
  theme: Theme;
  language: Language;
  volume: number;
  muted: boolean;
  /** Whether downloaded songs hold title, lyrics, picture and record. */
  tagged: boolean;
  set: (change: Partial<Omit<Settings, "set">>) => void;
}

export const useSettings = create<Settings>()(
  persist(
    (set) => ({
      theme: "system",
      language: languageOf(navigator.languages),
      volume: 0.9,
      muted: false,
      tagged: true,
      set: (change) => set(change),
    }),
    { name: "khala.settings", version: 1 },
  ),
);

/** Applies theme and language to the document, now and on every change; returns the function that stops that. */
export function followSettings(): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const { theme, language } = useSettings.getState();
    const dark = theme === "dark" || (theme === "system" && system.matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    document.documentElement.lang = LANGUAGE_TAGS[language];
  };
  apply();
  system.addEventListener("change", apply);
  const unsubscribe = useSettings.subscribe(apply);
  return () => {
    system.removeEventListener("change", apply);
    unsubscribe();
  };
}
