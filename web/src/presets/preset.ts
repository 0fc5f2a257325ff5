/** Presets as drafts: all settings but the words, the title and the seed, which belong to one song. */

import type { NewSong, Preset } from "../api/client";
import { type DraftFields, EMPTY, requestOf } from "../create/draft";
import type { Language } from "../i18n";
import { tagLabel } from "../i18n/tags";

/** What is saved of a draft. A length that follows the lyrics is left open. */
export function presetOf(draft: DraftFields): NewSong {
  const { lyrics: _, title: _title, seed: _seed, duration: _seconds, ...settings } = requestOf(draft, 0);
  return draft.seconds === null ? settings : { ...settings, duration: draft.seconds };
}

/** What a preset changes in a draft. One that needs no more than a description leaves the mode as it is. */
export function draftOfPreset(settings: Preset["settings"]): Partial<DraftFields> {
  const sampling = settings.sampling ?? {};
  const fields = {
    prompt: settings.prompt ?? "",
    tags: (settings.tags as string[] | null | undefined) ?? [],
    instrumental: settings.instrumental ?? false,
    seconds: settings.duration ?? null,
    takes: settings.takes ?? EMPTY.takes,
    bestOf: settings.best_of ?? EMPTY.bestOf,
    model: settings.model ?? "",
    loras: (settings.loras ?? []).map(({ name, weight = 1 }) => ({ name, weight })),
    temperature: sampling.temperature ?? null,
    topK: sampling.top_k ?? null,
    superresTemperature: sampling.superres_temperature ?? null,
    superresTopK: sampling.superres_top_k ?? null,
    guidance: sampling.guidance ?? null,
  };
  const isPlain =
    !fields.tags.length &&
    fields.bestOf === 1 &&
    !fields.model &&
    !fields.loras.length &&
    Object.values(sampling).every((value) => value == null);
  return { ...fields, by: fields.prompt ? "prompt" : "tags", ...(!isPlain && { mode: "custom" }) };
}

/** What a preset sounds like, in a line. */
export function presetText({ settings }: Preset, language: Language): string {
  return (
    settings.prompt || ((settings.tags as string[] | null) ?? []).map((tag) => tagLabel(tag, language)).join(" · ")
  );
}
