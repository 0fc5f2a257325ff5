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

/** A take after some progress: what is left of the estimate shrinks by the time that passed. */
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

/** The queue has moved: everything that waits is one place further. */
function moveUp(client: QueryClient): void {
  const moved = (take: Take) => (take.position ? { ...take, position: Math.max(1, take.position - 1) } : take);
  patchSongs(client, (song) =>
    song.takes.some((take) => take.position) ? { ...song, takes: song.takes.map(moved) } : song,
  );
}

/** Applies an event; those that change more than a figure fetch the song anew. */
export function applyEvent(client: QueryClient, event: SongEvent, sinceLast: number): void {
  const id = event.song_id;
  if (event.event === "ready") {
    void client.invalidateQueries({ queryKey: ["songs"] });
    void client.invalidateQueries({ queryKey: ["song"] });
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
    void refreshSong(client, id).catch(() => undefined); // it may be gone by now
  }
}

export function useEvents(): void {
  const client = useQueryClient();
  useEffect(() => {
    const times = new Map<string, number>();
    const source = new EventSource("/api/v1/events");
    const receive = ({ data }: MessageEvent<string>) => {
      const event = JSON.parse(data) as SongEvent;
      const now = Date.now();
      const last = times.get(event.take_id ?? "") ?? now;
      times.set(event.take_id ?? "", now);
      applyEvent(client, event, (now - last) / 1000);
    };
    for (const kind of KINDS) source.addEventListener(kind, receive);
    source.onopen = () => useConnection.setState({ lost: false });
    source.onerror = () => useConnection.setState({ lost: true });
    return () => source.close();
  }, [client]);
}
