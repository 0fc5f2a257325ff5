/** What one is about to ask for. Kept in the browser, so that a reload loses nothing. */

import { create } from "zustand";
import { persist } from "zustand/middleware";
import type { NewSong, SongRequest } from "../api/client";
import { countLyrics } from "../lyrics/fit";
import { bpmOf } from "./tags";

export interface DraftFields {
  mode: "simple" | "custom";
  /** What describes a song in custom mode. */
  by: "tags" | "prompt";
  prompt: string;
  instrumental: boolean;
  lyrics: string;
  /** Longest length; null follows the lyrics. */
  seconds: number | null;
  tags: string[];
  title: string;
  takes: number;
  /** Candidates for each take, of which the best is kept. */
  bestOf: number;
  seed: number | null;
  model: string;
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
  seconds: null,
  tags: [],
  title: "",
  takes: 2,
  bestOf: 1,
  seed: null,
  model: "",
  temperature: null,
  topK: null,
  superresTemperature: null,
  superresTopK: null,
  guidance: null,
};

/** Bounds of the service (`khala.music.request`). */
export const LIMITS = {
  seconds: [5, 600],
  bpm: [40, 240],
  takes: [1, 16],
  bestOf: [1, 8],
  seed: [0, Number.MAX_SAFE_INTEGER],
} as const;

interface Draft extends DraftFields {
  set: (change: Partial<DraftFields>) => void;
}

export const useDraft = create<Draft>()(
  persist((set) => ({ ...EMPTY, set: (change) => set(change) }), { name: "khala.draft", version: 1 }),
);

function description(draft: DraftFields): Pick<NewSong, "prompt" | "tags"> {
  const prompt = draft.prompt.trim();
  if (draft.mode === "simple") return { prompt, tags: [] };
  return draft.by === "tags" ? { prompt: "", tags: draft.tags } : { prompt, tags: [] };
}

const USUAL_SECONDS = 60;

/** Seconds that the song may last: as chosen, or else what its lyrics take, a minute without any. */
export function lengthOf(draft: DraftFields, longest: number = LIMITS.seconds[1]): number {
  const fitting = draft.instrumental ? null : countLyrics(draft.lyrics, bpmOf(draft.tags)).seconds;
  return Math.min(longest, Math.max(LIMITS.seconds[0], draft.seconds ?? fitting ?? USUAL_SECONDS));
}

/** The request that a draft stands for, for a model whose songs last `longest` seconds at most. */
export function requestOf(draft: DraftFields, longest?: number): NewSong {
  const custom = draft.mode === "custom";
  const sampling = {
    temperature: draft.temperature,
    top_k: draft.topK,
    superres_temperature: draft.superresTemperature,
    superres_top_k: draft.superresTopK,
    guidance: draft.guidance,
  };
  return {
    ...description(draft),
    lyrics: draft.instrumental ? "" : draft.lyrics.trim(),
    instrumental: draft.instrumental,
    duration: lengthOf(draft, longest),
    takes: draft.takes,
    best_of: custom ? draft.bestOf : 1,
    seed: custom ? draft.seed : null,
    model: custom ? draft.model : "",
    sampling: custom ? sampling : {},
    title: custom ? draft.title.trim() : "",
  };
}

/** Whether there is anything to make a song of. */
export function isReady(draft: DraftFields): boolean {
  const { prompt, tags, lyrics } = requestOf(draft);
  return Boolean(prompt || lyrics || tags!.length);
}

/** A draft that asks for a song again; without its seed it will be another rendition. */
export function draftOf(request: SongRequest, keepSeed: boolean): DraftFields {
  return {
    ...EMPTY,
    mode: "custom",
    by: request.prompt ? "prompt" : "tags",
    prompt: request.prompt,
    tags: request.tags,
    lyrics: request.lyrics,
    instrumental: request.instrumental,
    seconds: request.duration,
    title: request.title,
    takes: request.takes,
    bestOf: request.best_of ?? 1,
    seed: keepSeed ? request.seed : null,
    model: request.model,
    temperature: request.sampling.temperature,
    topK: request.sampling.top_k,
    superresTemperature: request.sampling.superres_temperature,
    superresTopK: request.sampling.superres_top_k,
    guidance: request.sampling.guidance ?? null,
  };
}
