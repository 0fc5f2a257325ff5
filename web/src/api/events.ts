/** The stream of everything that happens to songs, applied to the cache. One connection for the whole page. */

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { create } from "zustand";
import type { Song, SongEvent, Take } from "./client";
import { patchSong, patchSongs, refreshSong } from "./songs";

const KINDS = [
  "ready",
  "queued",
  "started",
  "progress",
  "stage",
  "waiting",
  "requeued",
  "done",
  "failed",
  "cancelled",
  "updated",
  "deleted",
] as const;

export const useConnection = create<{ lost: boolean }>(() => ({ lost: false }));

/** A take after some progress: what is left of the estimate shrinks by the time that passed, until the server says more. */
export function progressed(take: Take, event: SongEvent, sinceLast: number): Take {
  return {
    ...take,
    state: "running",
    position: null,
    stage: event.stage ?? take.stage,
    stage_progress: event.stage_progress ?? take.stage_progress,
    progress: event.progress ?? take.progress,
    eta: take.eta == null ? null : Math.max(1, take.eta - sinceLast),
  };
}

function patchTake(song: Song, id: string, change: (take: Take) => Take): Song {
  const takes = song.takes.map((take) => (take.id === id ? change(take) : take));
  return { ...song, takes, state: song.state === "queued" ? "running" : song.state };
}

const NEAREST = 10;

/** The queue has moved: everything that waits is one place further, and the server says how long the next ones take. */
function moveUp(client: QueryClient): void {
  const moved = (take: Take) => (take.position ? { ...take, position: Math.max(1, take.position - 1) } : take);
  const waiting: { id: string; place: number }[] = [];
  patchSongs(client, (song) => {
    const places = song.takes.flatMap(({ position }) => position ?? []);
    if (!places.length) return song;
    if (!waiting.some(({ id }) => id === song.id)) waiting.push({ id: song.id, place: Math.min(...places) });
    return { ...song, takes: song.takes.map(moved) };
  });
  for (const { id } of waiting.sort((a, b) => a.place - b.place).slice(0, NEAREST)) refresh(client, id);
}

/** Fetches a song anew; it may be gone by now. */
function refresh(client: QueryClient, id: string): void {
  void refreshSong(client, id).catch(() => undefined);
}

/** Applies an event; those that change more than a figure fetch the song anew. */
export function applyEvent(client: QueryClient, event: SongEvent, sinceLast: number): void {
  const id = event.song_id;
  if (event.event === "ready") {
    void client.invalidateQueries({ queryKey: ["status"] });
    void client.invalidateQueries({ queryKey: ["songs"] });
    void client.invalidateQueries({ queryKey: ["song"] });
    void client.invalidateQueries({ queryKey: ["outline"] }); // another version may read words otherwise
    return;
  }
  if (!id) return;
  if (event.event === "progress" && event.take_id) {
    const take = event.take_id;
    patchSong(client, id, (song) => patchTake(song, take, (old) => progressed(old, event, sinceLast)));
  } else if (event.event === "updated") {
    patchSong(client, id, (song) => ({
      ...song,
      title: event.title ?? song.title,
      liked: event.liked ?? song.liked,
    }));
  } else if (event.event === "deleted") {
    patchSong(client, id, () => null);
  } else if (event.event === "queued") {
    void client.invalidateQueries({ queryKey: ["songs"] });
  } else {
    if (event.event === "started") moveUp(client);
    refresh(client, id);
  }
}

const PAUSE_MS = 3000;

/** Hears the stream until the returned function is called. A browser gives up where an answer is no stream; this does not. */
export function listen(receive: (event: SongEvent) => void): () => void {
  let source: EventSource;
  let pause: ReturnType<typeof setTimeout>;
  const open = () => {
    source = new EventSource("/api/v1/events");
    for (const kind of KINDS)
      source.addEventListener(kind, ({ data }: MessageEvent<string>) => receive(JSON.parse(data)));
    source.onopen = () => useConnection.setState({ lost: false });
    source.onerror = () => {
      useConnection.setState({ lost: true });
      if (source.readyState === EventSource.CLOSED) pause = setTimeout(open, PAUSE_MS);
    };
  };
  open();
  return () => {
    clearTimeout(pause);
    source.close();
  };
}

const ESTIMATE_MS = 4000;

export function useEvents(): void {
  const client = useQueryClient();
  useEffect(() => {
    const heard = new Map<string, number>();
    const asked = new Map<string, number>();
    return listen((event) => {
      const now = Date.now();
      const { song_id: song, take_id: take } = event;
      if (take) {
        applyEvent(client, event, (now - (heard.get(take) ?? now)) / 1000);
        heard.set(take, now);
      } else applyEvent(client, event, 0);
      if (event.event !== "progress" || !song || now - (asked.get(song) ?? 0) < ESTIMATE_MS) return;
      asked.set(song, now);
      refresh(client, song);
    });
  }, [client]);
}
