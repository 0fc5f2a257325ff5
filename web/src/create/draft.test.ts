import { beforeEach, expect, test, vi } from "vitest";
import type { DraftFields } from "./draft";

const stored = new Map<string, string>();
beforeEach(() => {
  stored.clear();
  vi.resetModules();
  const localStorage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  };
  vi.stubGlobal("window", { localStorage });
});

const load = () => import("./draft");
const asked = async (change: Partial<DraftFields>) => {
  const { EMPTY, requestOf } = await load();
  return requestOf({ ...EMPTY, ...change }, 60);
};

test("simple mode sends the prompt alone, whatever is set in custom mode", async () => {
  const request = await asked({ prompt: " warm folk ", tags: ["rock"], seed: 7, title: "x", lyrics: "[verse]\nla " });
  expect(request).toMatchObject({
    prompt: "warm folk",
    tags: [],
    seed: null,
    title: "",
    lyrics: "[verse]\nla",
    sampling: {},
  });
});

test("custom mode sends tags or a prompt, never both", async () => {
  const custom = { mode: "custom", tags: ["folk", "90 bpm"], prompt: "a slow song" } as const;
  expect(await asked({ ...custom, tags: [...custom.tags] })).toMatchObject({ prompt: "", tags: ["folk", "90 bpm"] });
  expect(await asked({ ...custom, tags: [], by: "prompt" })).toMatchObject({ prompt: "a slow song", tags: [] });
});

test("an instrumental has no lyrics", async () => {
  expect(await asked({ prompt: "jazz", instrumental: true, lyrics: "la" })).toMatchObject({
    lyrics: "",
    instrumental: true,
  });
});

test("a draft without prompt, tags or lyrics is not ready", async () => {
  const { EMPTY, isReady } = await load();
  expect(isReady(EMPTY)).toBe(false);
  expect(isReady({ ...EMPTY, lyrics: "la" })).toBe(true);
  expect(isReady({ ...EMPTY, lyrics: "la", instrumental: true })).toBe(false);
  expect(isReady({ ...EMPTY, mode: "custom", prompt: "only in simple mode" })).toBe(false);
});

test.each([
  { prompt: "", tags: ["folk", "female vocals", "90 bpm", "a minor"], lyrics: "la", chords: "", instrumental: false },
  { prompt: "", tags: ["jazz", "instrumental"], lyrics: "", chords: "Dm7 G7 Cmaj7", instrumental: true },
  { prompt: "a calm ballad", tags: [], lyrics: "la", chords: "", instrumental: false },
])("reusing a request with its seed sends the same request again", async (given) => {
  const { draftOf, requestOf } = await load();
  const sampling = { temperature: 0.9, top_k: 40, superres_temperature: 1, superres_top_k: 5, guidance: 2 };
  const request = {
    ...given,
    duration: 30,
    takes: 2,
    best_of: 3,
    seed: 7,
    model: "mini",
    loras: [{ name: "nova", weight: 0.8 }],
    sampling,
    title: "Dawn",
  };
  const again = requestOf(draftOf(request, true), 30);
  expect(again).toEqual(request);
  expect(requestOf(draftOf(request, false), 30).seed).toBeNull();
});

test("a draft survives a reload", async () => {
  (await load()).useDraft.getState().set({ prompt: "kept", seconds: 95 });
  vi.resetModules();
  expect((await load()).useDraft.getState()).toMatchObject({ prompt: "kept", seconds: 95 });
});

test("drafts are shared between tabs, and neither overwrites the other", async () => {
  const heard: ((event: { key: string }) => void)[] = [];
  vi.stubGlobal("addEventListener", (_: string, listener: (event: { key: string }) => void) => heard.push(listener));
  const { shareDraft, useDraft } = await load();
  shareDraft();
  useDraft.getState().set({ prompt: "here" });
  const draft = JSON.parse(stored.get("khala.draft")!);
  stored.set("khala.draft", JSON.stringify({ ...draft, state: { ...draft.state, lyrics: "there" } }));
  heard[0]!({ key: "khala.settings" });
  expect(useDraft.getState().lyrics).toBe("");
  heard[0]!({ key: "khala.draft" });
  expect(useDraft.getState()).toMatchObject({ prompt: "here", lyrics: "there" });
});

test("fields that the outline does not depend on do not fetch it again", async () => {
  const { EMPTY, outlineQueryOf } = await load();
  const draft = { ...EMPTY, mode: "custom", tags: ["folk"], lyrics: "\n[verse]\nla\n" } as const;
  const words = outlineQueryOf({ ...draft, tags: ["folk"] });
  expect(words).toMatchObject({ lyrics: "\n[verse]\nla", duration: null }); // lines keep their numbers
  expect(outlineQueryOf({ ...draft, tags: ["folk"], title: "Dawn", takes: 4, seed: 7 })).toEqual(words);
});
