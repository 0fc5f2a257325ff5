import { expect, test, vi } from "vitest";
import type { Preset } from "../api/client";

vi.stubGlobal("navigator", { languages: [] });
vi.stubGlobal("window", { localStorage: { getItem: () => null, setItem: () => undefined } });
const { EMPTY, requestOf } = await import("../create/draft");
const { draftOfPreset, presetOf } = await import("./preset");

const DRAFT = {
  ...EMPTY,
  mode: "custom" as const,
  tags: ["waltz", "96 bpm"],
  lyrics: "[verse]\nla",
  title: "One song",
  seed: 7,
  seconds: 90,
  takes: 4,
  bestOf: 3,
  model: "mini",
  guidance: 2,
};
const again = (draft: typeof EMPTY) => draftOfPreset(presetOf(draft) as Preset["settings"]);

test("a preset holds the settings, and nothing that belongs to one song", () => {
  expect(presetOf(DRAFT)).not.toHaveProperty("lyrics");
  expect(JSON.stringify(presetOf(DRAFT))).not.toMatch(/One song|seed/);
});

test("a preset brings the settings back, and leaves words, title and seed as they are", () => {
  const other = { ...EMPTY, lyrics: "[verse]\nother", title: "Another", seed: 1 };
  const draft = { ...other, ...again(DRAFT) };
  expect(draft).toEqual({ ...DRAFT, lyrics: other.lyrics, title: "Another", seed: 1 });
  expect(requestOf(draft, 90)).toMatchObject({ tags: ["waltz", "96 bpm"], best_of: 3, takes: 4 });
});

test("a length that follows the lyrics is left open", () => {
  expect(presetOf({ ...DRAFT, seconds: null })).not.toHaveProperty("duration");
  expect(again({ ...DRAFT, seconds: null }).seconds).toBeNull();
});

test("a description alone needs no custom mode", () => {
  expect(again({ ...EMPTY, prompt: "calm" })).not.toHaveProperty("mode");
  expect(again({ ...EMPTY, mode: "custom", by: "prompt", prompt: "calm", guidance: 3 })).toMatchObject({
    mode: "custom",
    by: "prompt",
    guidance: 3,
  });
});
