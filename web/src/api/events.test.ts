import { QueryClient } from "@tanstack/react-query";
import { beforeEach, expect, test, vi } from "vitest";
import type { Song, SongEvent, Take } from "./client";

let serve: () => Promise<Response>;
vi.stubGlobal("fetch", () => serve());
vi.stubGlobal("location", { origin: "http://studio", hostname: "studio" });
const { applyEvent, listen, useConnection } = await import("./events");
const { findSong, forgetKey, idempotencyKey, refreshSong, secondsPerSecond } = await import("./songs");

const take = (id: string, change: Partial<Take> = {}): Take => ({
  id,
  song_id: id[0]!,
  number: 1,
  seed: 7,
  state: "queued",
  stage: null,
  stage_progress: 0,
  progress: 0,
  position: null,
  eta: null,
  duration: null,
  live: false,
  truncated: null,
  error: null,
  error_kind: null,
  note: null,
  note_kind: null,
  started: null,
  finished: null,
  ...change,
});
const song = (id: string, takes: Take[]): Song => ({
  id,
  owner_id: "local",
  title: id,
  liked: false,
  state: "queued",
  created: "2026-01-01T00:00:00Z",
  request: {
    prompt: "calm",
    tags: [],
    lyrics: "",
    instrumental: false,
    duration: 30,
    takes: takes.length,
    seed: 7,
    model: "mini",
    sampling: { temperature: 1, top_k: 50, superres_temperature: 1, superres_top_k: 10 },
    title: "",
  },
  takes,
  derived: null,
});
const event = (kind: SongEvent["event"], change: Partial<SongEvent> = {}): SongEvent =>
  ({ id: 1, event: kind, at: "2026-01-01T00:00:00Z", ...change }) as SongEvent;

let client: QueryClient;
beforeEach(() => {
  client = new QueryClient();
  const songs = [
    song("a", [take("a1", { eta: 50 })]),
    song("b", [take("b1", { position: 2 }), take("b2", { position: 3 })]),
  ];
  client.setQueryData(["songs", ""], { pages: [{ songs, next: null }], pageParams: [null] });
  client.setQueryData(["song", "a"], songs[0]);
});

test("progress updates the bar and the time left, in the list and in the open song", () => {
  const change = { song_id: "a", take_id: "a1", stage: "superres", stage_progress: 0.5, progress: 0.7 } as const;
  applyEvent(client, event("progress", change), 8);
  for (const found of [findSong(client, "a"), client.getQueryData<Song>(["song", "a"])])
    expect(found).toMatchObject({
      state: "running",
      takes: [{ state: "running", stage: "superres", progress: 0.7, eta: 42 }],
    });
  applyEvent(client, event("progress", change), 999);
  expect(findSong(client, "a")?.takes[0]?.eta).toBe(1); // late, but not done
  expect(findSong(client, "b")?.takes[0]?.progress).toBe(0);
});

test("when a take starts, waiting takes move up and their songs are fetched again", async () => {
  const asked = vi.fn(async () => Response.json(song("a", [take("a1", { state: "running" })])));
  serve = asked;
  applyEvent(client, event("started", { song_id: "a", take_id: "a1" }), 0);
  expect(findSong(client, "b")?.takes.map(({ position }) => position)).toEqual([1, 2]);
  await vi.waitFor(() => expect(findSong(client, "a")?.takes[0]?.state).toBe("running"));
  await vi.waitFor(() => expect(client.isFetching()).toBe(0));
  expect(asked).toHaveBeenCalledTimes(2); // "a" itself, and "b", whose wait has changed
});

test("changes and deletions in another window show here, too", () => {
  applyEvent(client, event("updated", { song_id: "a", title: "Dawn", liked: true }), 0);
  expect(findSong(client, "a")).toMatchObject({ title: "Dawn", liked: true });
  applyEvent(client, event("deleted", { song_id: "b" }), 0);
  expect(findSong(client, "b")).toBeUndefined();
  expect(findSong(client, "a")).toBeDefined();
});

test("a change is not undone by an answer that was asked for before it", async () => {
  const answers: (() => void)[] = [];
  let title = "Dusk";
  serve = () => {
    const found = { ...song("a", []), title };
    return new Promise((resolve) => answers.push(() => resolve(Response.json(found))));
  };
  const asked = refreshSong(client, "a");
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  title = "Dawn";
  applyEvent(client, event("updated", { song_id: "a", title }), 0);
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  for (const answer of answers) answer();
  await asked;
  await vi.waitFor(() => expect(client.isFetching()).toBe(0));
  expect(findSong(client, "a")?.title).toBe("Dawn");
  expect(client.getQueryData<Song>(["song", "a"])?.title).toBe("Dawn");
});

test("a song that is gone when it is fetched is no error", async () => {
  serve = async () => Response.json({ type: "/api/docs#not-found", detail: "no" }, { status: 404 });
  applyEvent(client, event("failed", { song_id: "a", take_id: "a1" }), 0);
  await vi.waitFor(() => expect(client.isFetching()).toBe(0));
  expect(findSong(client, "a")).toBeDefined();
});

test("an unanswered request keeps its key, so that trying again makes no second song", () => {
  const first = idempotencyKey({ prompt: "calm" });
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(idempotencyKey({ prompt: "calm" })).toBe(first);
  expect(idempotencyKey({ prompt: "loud" })).not.toBe(first);
  const second = idempotencyKey({ prompt: "loud" });
  forgetKey();
  expect(idempotencyKey({ prompt: "loud" })).not.toBe(second);
});

test("a stream that the browser gave up is reopened, one that it reopens itself is left alone", () => {
  vi.useFakeTimers();
  const made: Source[] = [];
  class Source {
    static CLOSED = 2;
    readyState = 0;
    onerror = () => {};
    onopen = () => {};
    close = vi.fn();
    addEventListener = vi.fn();
    constructor() {
      made.push(this);
    }
  }
  vi.stubGlobal("EventSource", Source);
  const stop = listen(() => {});
  made[0]!.onerror();
  vi.advanceTimersByTime(60_000);
  expect(made).toHaveLength(1);
  expect(useConnection.getState().lost).toBe(true);
  made[0]!.readyState = Source.CLOSED;
  made[0]!.onerror();
  vi.advanceTimersByTime(60_000);
  expect(made).toHaveLength(2);
  made[1]!.onopen();
  expect(useConnection.getState().lost).toBe(false);
  stop();
  expect(made[1]!.close).toHaveBeenCalledOnce();
  vi.useRealTimers();
});

test("takes that are made together share the seconds of work for a second of music", () => {
  const at = (second: string) => `2026-01-01T00:00:${second}Z`;
  const one = take("a1", { started: at("00"), finished: at("40"), duration: 30 });
  const two = take("a2", { started: at("00"), finished: at("45"), duration: 15 });
  expect(secondsPerSecond([one, two])).toBe(1);
  expect(secondsPerSecond([one, two], 3)).toBeCloseTo(1 / 3);
  expect(secondsPerSecond([take("a3"), one])).toBeCloseTo(4 / 3);
  expect(secondsPerSecond([take("a3", { started: at("00"), duration: 30 })])).toBeNull();
});
