/** The stream of events of all songs, applied to the cache: one connection for the whole page. */

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { create } from "zustand";
import type { Song, SongEvent, Take } from "./client";
import { EVENTS } from "./limits";
import { renew } from "./query";
import { patchSong, patchSongs, refreshSong } from "./songs";

export const useConnection = create<{ lost: boolean }>(() => ({ lost: false }));

/** A take after a progress event: its time left shrinks by `sinceLast` seconds until the server sends a new estimate. */
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

/** Moves every waiting take up by one place, and fetches new estimates for those next in line. */
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

/** Fetches a song again; it may be gone by now. */
function refresh(client: QueryClient, id: string): void {
  void refreshSong(client, id).catch(() => undefined);
}

/** Applies an event; one that changes more than a few fields fetches the song again. */
export function applyEvent(client: QueryClient, event: SongEvent, sinceLast: number): void {
  const id = event.song_id;
  if (event.event === "ready") {
    void client.invalidateQueries({ queryKey: ["status"] });
    void client.invalidateQueries({ queryKey: ["songs"] });
    void client.invalidateQueries({ queryKey: ["song"] });
    void client.invalidateQueries({ queryKey: ["outline"] }); // another version may read lyrics differently
    return;
  }
  if (!id) return;
  if (event.event !== "progress" && event.event !== "stage") void client.invalidateQueries({ queryKey: ["versions"] });
  if (event.event === "progress" && event.take_id) {
    const take = event.take_id;
    patchSong(client, id, (song) => patchTake(song, take, (old) => progressed(old, event, sinceLast)));
  } else if (event.event === "updated") {
    patchSong(client, id, (song) => ({
      ...song,
      title: event.title ?? song.title,
      liked: event.liked ?? song.liked,
    }));
    // what is on its way may be older
    if (client.isFetching({ queryKey: ["song", id] })) refresh(client, id);
    if (client.isFetching({ queryKey: ["songs"] })) void renew(client, ["songs"]);
  } else if (event.event === "deleted") {
    patchSong(client, id, () => null);
  } else if (event.event === "queued") {
    void client.invalidateQueries({ queryKey: ["songs"] });
  } else {
    if (event.event === "started") moveUp(client);
    if (event.event === "live") void client.invalidateQueries({ queryKey: ["words", event.take_id] });
    refresh(client, id);
  }
}

const RECONNECT_MS = 3000;

/** Listens until the returned function is called. Reconnects even after an answer that is no stream, where browsers give up. */
export function listen(receive: (event: SongEvent) => void): () => void {
  let source: EventSource;
  let pause: ReturnType<typeof setTimeout>;
  const open = () => {
    source = new EventSource("/api/v1/events");
    for (const kind of EVENTS)
      source.addEventListener(kind, ({ data }: MessageEvent<string>) => receive(JSON.parse(data)));
    source.onopen = () => useConnection.setState({ lost: false });
    source.onerror = () => {
      useConnection.setState({ lost: true });
      if (source.readyState === EventSource.CLOSED) pause = setTimeout(open, RECONNECT_MS);
    };
  };
  open();
  return () => {
    clearTimeout(pause);
    source.close();
  };
}

const REFRESH_MS = 4000;

export function useEvents(): void {
  const client = useQueryClient();
  useEffect(() => {
    const lastEvent = new Map<string, number>();
    const lastRefresh = new Map<string, number>();
    return listen((event) => {
      const now = Date.now();
      const { song_id: song, take_id: take } = event;
      if (take) {
        applyEvent(client, event, (now - (lastEvent.get(take) ?? now)) / 1000);
        lastEvent.set(take, now);
      } else applyEvent(client, event, 0);
      if (event.event !== "progress" || !song || now - (lastRefresh.get(song) ?? 0) < REFRESH_MS) return;
      lastRefresh.set(song, now);
      if (!client.isFetching({ queryKey: ["song", song] })) refresh(client, song);
    });
  }, [client]);
}
