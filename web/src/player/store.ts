/** The player: its take, position and loop. */

import { create } from "zustand";
import { audioUrl, playableFormat, type Song, type Take } from "../api/client";
import { useSettings } from "../app/settings";

export interface Loop {
  start: number;
  end: number;
}

interface Player {
  /** The song's id; everything else about it is in the cache of songs. */
  song: string | null;
  take: Take | null;
  playing: boolean;
  time: number;
  loop: Loop | null;
  failed: boolean;
  /** Whether the lyrics panel is open. */
  lyricsShown: boolean;
}

export const usePlayer = create<Player>(() => ({
  song: null,
  take: null,
  playing: false,
  time: 0,
  loop: null,
  failed: false,
  lyricsShown: false,
}));

const { getState: get, setState: set } = usePlayer;

export const audio = new Audio();
audio.preload = "auto";

export const LOOP_SECONDS = 8;
const SHORTEST_LOOP = 0.2;

let loopTimer: ReturnType<typeof setTimeout> | undefined;

/** Jumps back to the start of the loop at its end, with one timer that runs only during playback. */
function watchLoop(): void {
  clearTimeout(loopTimer);
  const { loop, playing } = get();
  if (!loop || !playing) return;
  const left = loop.end - audio.currentTime;
  if (left <= 0.02) audio.currentTime = loop.start;
  loopTimer = setTimeout(watchLoop, Math.max(10, Math.min(left, 1) * 1000 - 5));
}

audio.addEventListener("timeupdate", () => set({ time: audio.currentTime }));
audio.addEventListener("seeked", () => {
  set({ time: audio.currentTime });
  watchLoop();
});
for (const event of ["play", "pause", "ended"])
  audio.addEventListener(event, () => {
    set({ playing: !audio.paused && !audio.ended });
    watchLoop();
  });
audio.addEventListener("error", () => audio.src && set({ failed: true, playing: false }));

function applyVolume(): void {
  const { volume, muted } = useSettings.getState();
  audio.volume = volume;
  audio.muted = muted;
}
applyVolume();
useSettings.subscribe(applyVolume);

/** Starts playback; a browser that refuses (no user gesture yet) leaves the player paused. */
function start(): void {
  audio.play().catch(() => set({ playing: !audio.paused }));
}

/** Plays a finished take. Another take of the same song keeps the position, so that they can be compared. */
export function play(song: Song, take: Take, from?: number): void {
  const { song: old, take: current } = get();
  if (current?.id !== take.id) {
    const position = from ?? (old === song.id ? Math.min(audio.currentTime, Math.max(0, (take.duration ?? 0) - 1)) : 0);
    set({ song: song.id, take, time: position, failed: false, loop: old === song.id ? get().loop : null });
    audio.src = audioUrl(take.id, playableFormat());
    audio.currentTime = position;
  } else if (from !== undefined) audio.currentTime = from;
  start();
}

export function toggle(): void {
  if (!get().take) return;
  if (audio.paused) start();
  else audio.pause();
}

export function seek(time: number): void {
  const seconds = get().take?.duration ?? 0;
  audio.currentTime = Math.min(Math.max(0, time), Math.max(0, seconds - 0.05));
  set({ time: audio.currentTime });
}

/** Plays the next or previous finished take of the song at the same position. */
export function stepTake(song: Song | undefined, step: 1 | -1): void {
  const takes = song?.takes.filter(({ state }) => state === "done") ?? [];
  const at = takes.findIndex(({ id }) => id === get().take?.id);
  const next = takes[(at + step + takes.length) % takes.length];
  if (song && next) play(song, next);
}

export function showLyrics(lyricsShown: boolean): void {
  set({ lyricsShown });
}

export function setLoop(loop: Loop | null): void {
  set({ loop: loop && loop.end - loop.start >= SHORTEST_LOOP ? loop : null });
  watchLoop();
}

/** Loops the next seconds, or ends the loop. */
export function toggleLoop(): void {
  const { loop, take } = get();
  if (!take) return;
  const end = Math.min(audio.currentTime + LOOP_SECONDS, take.duration ?? 0);
  setLoop(loop ? null : { start: Math.max(0, end - LOOP_SECONDS), end });
}

/** Moves the start or the end of the loop to the current position. */
export function markLoop(edge: "start" | "end"): void {
  const { loop, take } = get();
  if (!take) return;
  const now = audio.currentTime;
  const whole = { start: 0, end: take.duration ?? 0 };
  setLoop({ ...(loop ?? whole), [edge]: now });
}

/** Stops and unloads a song that was deleted. */
export function stop(song: string): void {
  if (get().song !== song) return;
  audio.pause();
  audio.removeAttribute("src");
  audio.load();
  set({ song: null, take: null, playing: false, time: 0, loop: null });
}
