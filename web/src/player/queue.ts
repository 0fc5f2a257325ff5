/** What plays after the current take: the takes of a playlist or of selected songs, in order. */

import { create } from "zustand";
import type { Song, Take } from "../api/client";
import { audio, play, usePlayer } from "./store";

export interface Track {
  song: Song;
  take: Take;
}

interface Queue {
  /** The playlist that the tracks are from, if any. */
  list: string | null;
  tracks: readonly Track[];
}

export const useQueue = create<Queue>(() => ({ list: null, tracks: [] }));

/** The place of what plays: that of its take, else that of another take of its song; -1 if neither is a track. */
export function placeOf(tracks: readonly Track[], song: string | null, take: string | undefined): number {
  const exact = tracks.findIndex((track) => track.take.id === take);
  return exact >= 0 ? exact : tracks.findIndex((track) => track.song.id === song);
}

/** The place of what plays in the queue, and how long that is. */
export function useQueuePlace(): { at: number; length: number } {
  const tracks = useQueue((queue) => queue.tracks);
  const at = usePlayer(({ song, take }) => placeOf(tracks, song, take?.id));
  return { at, length: tracks.length };
}

/** Plays tracks one after another, from number `at` on. */
export function playTracks(tracks: readonly Track[], list: string | null = null, at = 0): void {
  useQueue.setState({ list, tracks });
  const track = tracks[at];
  if (track) play(track.song, track.take, 0);
}

/** Follows a playlist whose takes or their order have changed. */
export function followList(list: string, tracks: readonly Track[]): void {
  if (useQueue.getState().list === list) useQueue.setState({ tracks });
}

/** Plays the next or the previous track, if what plays is one and there is another. */
export function stepTrack(step: 1 | -1): void {
  const { tracks } = useQueue.getState();
  const { song, take } = usePlayer.getState();
  const at = placeOf(tracks, song, take?.id);
  const next = at < 0 ? undefined : tracks[at + step];
  if (next) play(next.song, next.take, 0);
}

audio.addEventListener("ended", () => stepTrack(1));
