/** The song that is being written, kept in the browser so that a reload loses nothing. */

import { create } from "zustand";
import { persist } from "zustand/middleware";
import type { NewSong, SongRequest } from "../api/client";
import type { OutlineQuery } from "../api/outline";

export interface DraftFields {
  mode: "simple" | "custom";
  /** What describes the style in custom mode. */
  by: "tags" | "prompt";
  prompt: string;
  instrumental: boolean;
  lyrics: string;
  chords: string;
  /** Length; null follows the lyrics. */
  seconds: number | null;
  tags: string[];
  title: string;
  takes: number;
  /** Candidates for each take, of which the best is kept. */
  bestOf: number;
  seed: number | null;
  model: string;
  /** Adapters that are added to the model. */
  loras: NonNullable<SongRequest["loras"]>;
  temperature: number | null;
  topK: number | null;
  superresTemperature: number | null;
  superresTopK: number | null;
  guidance: number | null;
}

export const EMPTY: DraftFields = {
  mode: "simple",
  by: "tags",
  prompt: "",
  instrumental: false,
  lyrics: "",
  chords: "",
  seconds: null,
  tags: [],
  title: "",
  takes: 2,
  bestOf: 1,
  seed: null,
  model: "",
  loras: [],
  temperature: null,
  topK: null,
  superresTemperature: null,
  superresTopK: null,
  guidance: null,
};

interface Draft extends DraftFields {
  set: (change: Partial<DraftFields>) => void;
}

const NAME = "khala.draft";

export const useDraft = create<Draft>()(
  persist((set) => ({ ...EMPTY, set: (change) => set(change) }), { name: NAME, version: 1 }),
);

/** Keeps the drafts of all tabs the same, so that none overwrites another; returns the function that stops that. */
export function shareDraft(): () => void {
  const changed = ({ key }: StorageEvent) => key === NAME && void useDraft.persist.rehydrate();
  addEventListener("storage", changed);
  return () => removeEventListener("storage", changed);
}

function description(draft: DraftFields): Pick<NewSong, "prompt" | "tags"> {
  const prompt = draft.prompt.trim();
  if (draft.mode === "simple") return { prompt, tags: [] };
  return draft.by === "tags" ? { prompt: "", tags: draft.tags } : { prompt, tags: [] };
}

/** The part of a draft that its outline depends on. */
export function outlineQueryOf(draft: DraftFields): OutlineQuery {
  return {
    ...description(draft),
    lyrics: draft.instrumental ? "" : draft.lyrics.trimEnd(),
    chords: draft.mode === "custom" ? draft.chords.trim() : "",
    instrumental: draft.instrumental,
    model: draft.mode === "custom" ? draft.model : "",
    duration: draft.seconds,
  };
}

/** The request for a draft, with a length of `duration` seconds. */
export function requestOf(draft: DraftFields, duration: number): NewSong {
  const custom = draft.mode === "custom";
  const sampling = {
    temperature: draft.temperature,
    top_k: draft.topK,
    superres_temperature: draft.superresTemperature,
    superres_top_k: draft.superresTopK,
    guidance: draft.guidance,
  };
  return {
    ...outlineQueryOf(draft),
    duration,
    takes: draft.takes,
    best_of: custom ? draft.bestOf : 1,
    seed: custom ? draft.seed : null,
    loras: custom ? draft.loras : [],
    sampling: custom ? sampling : {},
    title: custom ? draft.title.trim() : "",
  };
}

/** Whether there is enough to make a song. */
export function isReady(draft: DraftFields): boolean {
  const { prompt, tags, lyrics } = outlineQueryOf(draft);
  return Boolean(prompt || lyrics || tags!.length);
}

/** A draft with the settings of a song; without its seed it will make another rendition. */
export function draftOf(request: SongRequest, keepSeed: boolean): DraftFields {
  return {
    ...EMPTY,
    mode: "custom",
    by: request.prompt ? "prompt" : "tags",
    prompt: request.prompt,
    tags: request.tags,
    lyrics: request.lyrics,
    chords: request.chords ?? "",
    instrumental: request.instrumental,
    seconds: request.duration,
    title: request.title,
    takes: request.takes,
    bestOf: request.best_of ?? 1,
    seed: keepSeed ? request.seed : null,
    model: request.model,
    loras: request.loras ?? [],
    temperature: request.sampling.temperature,
    topK: request.sampling.top_k,
    superresTemperature: request.sampling.superres_temperature,
    superresTopK: request.sampling.superres_top_k,
    guidance: request.sampling.guidance ?? null,
  };
}
