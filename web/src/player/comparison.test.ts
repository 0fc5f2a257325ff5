import { beforeEach, expect, test, vi } from "vitest";
import type { Take } from "../api/client";

class FakeAudio extends EventTarget {
  src = "";
  currentTime = 0;
  paused = true;
  async play() {}
  pause() {}
  load() {}
  removeAttribute() {}
}
vi.stubGlobal("Audio", FakeAudio);
vi.stubGlobal("location", { origin: "http://localhost", hostname: "localhost" });
vi.stubGlobal("navigator", { languages: [] });
vi.stubGlobal("window", { localStorage: { getItem: () => null, setItem: () => undefined } });
const { audio, setLoop, stop, usePlayer } = await import("./store");
const { compare, sideHeard, switchSides, useComparison } = await import("./comparison");

const take = (id: string, duration: number) => ({ id, duration, state: "done" }) as Take;
const SIDES = { a: { song: "old", take: take("t1", 30) }, b: { song: "new", take: take("t2", 20) } };

beforeEach(() => {
  usePlayer.setState({ song: null, take: null, live: false, loop: null });
  useComparison.setState({ sides: null });
});

test("the other version is heard at the same position and in the same loop", () => {
  compare(SIDES, "a");
  expect([usePlayer.getState().take?.id, audio.currentTime]).toEqual(["t1", 0]);
  audio.currentTime = 12.5;
  setLoop({ start: 10, end: 15 });
  switchSides();
  const { song, take, loop } = usePlayer.getState();
  expect([song, take?.id, audio.currentTime]).toEqual(["new", "t2", 12.5]);
  expect(audio.src).toBe("/api/v1/takes/t2/audio.flac");
  expect(loop).toEqual({ start: 10, end: 15 });
  switchSides();
  expect([usePlayer.getState().take?.id, audio.currentTime]).toEqual(["t1", 12.5]);
});

test("a version that is shorter is heard from near its end", () => {
  compare(SIDES, "a");
  audio.currentTime = 28;
  switchSides();
  expect(audio.currentTime).toBe(19);
});

test("one of the two is heard, or something else", () => {
  expect([sideHeard(SIDES, "t1"), sideHeard(SIDES, "t2"), sideHeard(SIDES, "t3"), sideHeard(null, "t1")]).toEqual([
    "a",
    "b",
    null,
    null,
  ]);
  usePlayer.setState({ song: "third", take: take("t3", 9) });
  useComparison.setState({ sides: SIDES });
  switchSides();
  expect(usePlayer.getState().take?.id).toBe("t1");
});

test("a comparison ends with the song that is deleted, and without one no key does anything", () => {
  compare(SIDES, "b");
  stop("new");
  expect(useComparison.getState().sides).toBeNull();
  switchSides();
  expect(usePlayer.getState().take).toBeNull();
});
