import { beforeEach, expect, test, vi } from "vitest";
import type { Song, Take } from "../api/client";

const heard: Record<string, () => void> = {};
const played: string[] = [];
vi.mock("./store", async () => {
  const { create } = await import("zustand");
  const usePlayer = create<{ song: string | null; take: Take | null }>(() => ({ song: null, take: null }));
  const play = (song: Song, take: Take) => {
    usePlayer.setState({ song: song.id, take });
    played.push(take.id);
  };
  return { usePlayer, play, audio: { addEventListener: (name: string, then: () => void) => (heard[name] = then) } };
});
const { followList, placeOf, playTracks, stepTrack } = await import("./queue");
const { play, usePlayer } = await import("./store");

const track = (name: string) => ({ song: { id: `song ${name}` } as Song, take: { id: name } as Take });
const [a, b, c] = ["a", "b", "c"].map(track) as [ReturnType<typeof track>, ...ReturnType<typeof track>[]];

beforeEach(() => {
  played.length = 0;
});

test("tracks play in order to the last one", () => {
  playTracks([a, b!, c!], "list", 1);
  heard.ended!();
  heard.ended!();
  expect(played).toEqual(["b", "c"]);
  stepTrack(-1);
  stepTrack(-1);
  stepTrack(-1);
  expect(played).toEqual(["b", "c", "b", "a"]);
});

test("another take of a song counts as its track, and what is no track is followed by nothing", () => {
  playTracks([a, b!]);
  usePlayer.setState({ take: { id: "a, second take" } as Take });
  heard.ended!();
  expect(played).toEqual(["a", "b"]);
  play(c!.song, c!.take);
  heard.ended!();
  expect(played).toEqual(["a", "b", "c"]);
  expect(placeOf([a, b!], "song b", "a")).toBe(0);
});

test("a list that is changed while it plays goes on in its new order", () => {
  playTracks([a, b!, c!], "list");
  followList("list", [a, c!]);
  followList("another", []);
  heard.ended!();
  expect(played).toEqual(["a", "c"]);
});
