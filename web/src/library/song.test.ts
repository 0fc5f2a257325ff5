import { expect, test } from "vitest";
import type { Model, Song, Take } from "../api/client";
import { etaOf, publishingText, titleOf } from "./song";

const SONG: Song = {
  id: "s1",
  owner_id: "local",
  title: "",
  liked: false,
  state: "done",
  created: "2026-01-01T00:00:00Z",
  request: {
    prompt: "",
    tags: ["folk", "90 bpm"],
    lyrics: "[verse]\nIt's dawn\n\nagain",
    instrumental: false,
    duration: 30,
    takes: 2,
    seed: 7,
    model: "mini",
    sampling: { temperature: 1, top_k: 50, superres_temperature: 1, superres_top_k: 10 },
    title: "",
  },
  takes: [],
  derived: null,
};

test("a song without a title is named by its first line, else by its prompt or tags", () => {
  expect(titleOf({ ...SONG, title: "Dawn" }, "en")).toBe("Dawn");
  expect(titleOf(SONG, "en")).toBe("It's dawn");
  const wordless = { ...SONG, request: { ...SONG.request, lyrics: "" } };
  expect(titleOf(wordless, "en")).toBe("folk, 90 bpm");
  expect(titleOf(wordless, "zh")).toBe("民谣, 90 BPM");
});

test("what a licence means is one of three texts", () => {
  const keys = [true, false, null].map((commercial_use) => publishingText({ commercial_use } as Model));
  expect(keys).toEqual(["license.free", "license.nonCommercial", "license.unknown"]);
});

test("the time left is the server's estimate, and increasingly the take's own", () => {
  const now = Date.parse("2026-01-01T00:00:30Z");
  const take = { eta: null, state: "running", started: "2026-01-01T00:00:00Z", progress: 0.25 } as Take;
  expect(etaOf(take, now)).toBe(90);
  expect(etaOf({ ...take, eta: 300 }, now)).toBe(247.5); // three parts of the server's estimate, one of the take's own
  expect(etaOf({ ...take, eta: 300, progress: 0.05 }, now)).toBe(300);
  expect(etaOf({ ...take, progress: 0.05 }, now)).toBeNull(); // too early for an estimate
  expect(etaOf({ ...take, state: "queued" }, now)).toBeNull();
});
