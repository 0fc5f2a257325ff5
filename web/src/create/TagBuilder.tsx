import { Search, X } from "lucide-react";
import { type KeyboardEvent, useId, useState } from "react";
import { useTags } from "../api/catalogue";
import { type Key, useText } from "../i18n";
import { tagLabel } from "../i18n/tags";
import { useDraft } from "./draft";
import { addTags } from "./tags";

const SHOWN = 18;

/** Suggested tags by group, with search; any other tag can be typed. */
export function TagBuilder() {
  const { tags, set } = useDraft();
  const { data } = useTags();
  const { t, language } = useText();
  const [query, setQuery] = useState("");
  const [group, setGroup] = useState<string | null>(null);
  const id = useId();

  const groups = Object.entries(data ?? {});
  const words = query.trim().toLowerCase();
  const current = group ?? groups[0]?.[0];
  const offered = words
    ? groups
        .flatMap(([, { tags: all }]) => all)
        .filter((tag) => `${tag}\n${tagLabel(tag, language)}`.toLowerCase().includes(words))
    : (groups.find(([name]) => name === current)?.[1].tags ?? []);
  const unique = [...new Set(offered)];
  const [all, setAll] = useState(false);
  const shown = all || words ? unique.slice(0, 60) : unique.slice(0, SHOWN);

  const has = (tag: string) => tags.some((old) => old.toLowerCase() === tag.toLowerCase());
  const remove = (tag: string) => set({ tags: tags.filter((old) => old.toLowerCase() !== tag.toLowerCase()) });
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Backspace" && !query && tags.length) remove(tags.at(-1)!);
    if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
    event.preventDefault();
    if (!words) return;
    set({ tags: addTags(tags, query) });
    setQuery("");
  };

  return (
    <div className="rounded-2xl border border-line bg-surface p-3">
      {tags.length > 0 && (
        <ul className="mb-3 flex flex-wrap gap-1.5" aria-label={t("tags.chosen")}>
          {tags.map((tag) => (
            <li key={tag} className="min-w-0">
              <button
                type="button"
                aria-label={t("tags.remove", { tag: tagLabel(tag, language) })}
                title={tag}
                onClick={() => remove(tag)}
                className="flex h-8 max-w-full items-center gap-1 rounded-full bg-accent-soft pr-2 pl-3 text-sm font-medium text-accent pointer-coarse:h-10"
              >
                <span className="truncate">{tagLabel(tag, language)}</span>
                <X className="size-3.5 shrink-0" aria-hidden="true" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className="relative">
        <Search
          className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted"
          aria-hidden="true"
        />
        <input
          id={id}
          type="text"
          aria-label={t("tags.search")}
          className="field !bg-sunk !border-transparent pl-9"
          placeholder={t("tags.search")}
          value={query}
          onChange={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={press}
        />
      </div>
      {!words && (
        <div className="mt-3 flex flex-wrap gap-x-2.5 gap-y-1 text-sm sm:gap-x-4">
          {groups.map(([name, { label }]) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === current}
              onClick={() => setGroup(name)}
              className="border-b-2 border-transparent py-1 text-muted pointer-coarse:py-2 hover:text-ink aria-pressed:border-accent aria-pressed:text-ink"
            >
              {GROUPS[name] ? t(GROUPS[name]) : label}
            </button>
          ))}
        </div>
      )}
      <ul className="mt-3 flex flex-wrap gap-1.5" aria-label={t("tags.offered")}>
        {shown.map((tag) => (
          <li key={tag}>
            <button
              type="button"
              aria-pressed={has(tag)}
              onClick={() => (has(tag) ? remove(tag) : set({ tags: addTags(tags, tag) }))}
              className="h-8 rounded-full border border-line px-3 text-sm transition-colors hover:border-edge aria-pressed:border-accent aria-pressed:text-accent pointer-coarse:h-10"
            >
              {tagLabel(tag, language)}
            </button>
          </li>
        ))}
        {!words && !all && unique.length > SHOWN && (
          <li>
            <button
              type="button"
              onClick={() => setAll(true)}
              className="h-8 px-2 text-sm font-medium text-accent hover:underline pointer-coarse:h-10"
            >
              {t("tags.more", { n: unique.length - SHOWN })}
            </button>
          </li>
        )}
      </ul>
      {words && !unique.some((tag) => tag.toLowerCase() === words) && (
        <p className="mt-2 text-sm wrap-anywhere text-muted">{t("tags.enter", { tag: query.trim() })}</p>
      )}
    </div>
  );
}

const GROUPS: Record<string, Key> = {
  genre_style: "tags.genre",
  vocal_instrument: "tags.voice",
  emotion_mood: "tags.mood",
  production_other: "tags.other",
};
