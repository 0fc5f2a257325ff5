/** The player: its take, position and loop. A take that is being made plays as a stream; once it is done, its file goes on. */

import { create } from "zustand";
import { audioUrl, liveUrl, playableFormat, type Song, type Take } from "../api/client";
import { useSettings } from "../app/settings";
import { fade } from "./fade";

export interface Loop {
  start: number;
  end: number;
}

interface Player {
  /** The song's id; everything else about it is in the cache of songs. */
  song: string | null;
  take: Take | null;
  /** Whether the take plays while it is made. */
  live: boolean;
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
  live: false,
  playing: false,
  time: 0,
  loop: null,
  failed: false,
  lyricsShown: false,
}));

const { getState: get, setState: set } = usePlayer;

export const audio = new Audio();
audio.preload = "auto";
/** Plays what is being made; `audio` plays files. */
const stream = new Audio();
/** The sound is all the stream's (0), all the file's (1), or on its way from one to the other. */
let share = 1;

const sounding = () => (get().live ? stream : audio);

/** Where in its take the player is, in seconds. */
export const position = () => sounding().currentTime;

/** Calls `tell` on events of whatever plays; returns the function that stops that. */
export function onSound(events: readonly string[], tell: () => void): () => void {
  const told = ({ target }: Event) => target === sounding() && tell();
  for (const element of [audio, stream]) for (const event of events) element.addEventListener(event, told);
  return () => {
    for (const element of [audio, stream]) for (const event of events) element.removeEventListener(event, told);
  };
}

export const LOOP_SECONDS = 8;
const FADE_SECONDS = 0.5;
const SEEKS = 8;
const NEAR_SECONDS = 0.02;
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

onSound(["timeupdate"], () => set({ time: position() }));
onSound(["seeked"], () => {
  set({ time: position() });
  watchLoop();
});
onSound(["play", "pause", "ended"], () => {
  set({ playing: !sounding().paused && !sounding().ended });
  watchLoop();
});
onSound(["error"], () => {
  if (get().live && stream.currentTime > reopened) open(stream.currentTime);
  else if (sounding().src) set({ failed: true, playing: false });
});

let reopened = 0;

/** Opens the stream of the take; from a position in it, after a pause in which the connection was lost. */
function open(from = 0): void {
  const { take, playing } = get();
  reopened = from;
  stream.src = liveUrl(take!.id);
  stream.currentTime = from;
  if (playing) start();
}

function closeStream(): void {
  stream.pause();
  stream.removeAttribute("src");
  stream.load();
}

function applyVolume(): void {
  const { volume, muted } = useSettings.getState();
  audio.volume = volume * share;
  stream.volume = volume * (1 - share);
  for (const element of [audio, stream]) element.muted = muted;
}
applyVolume();
useSettings.subscribe(applyVolume);

/** Starts playback; a browser that refuses (no user gesture yet) leaves the player paused. */
function start(): void {
  sounding()
    .play()
    .catch(() => set({ playing: !sounding().paused }));
}

/** Plays a take. Another finished take of the same song keeps the position and the loop, so that they can be compared. */
export function play(song: Pick<Song, "id">, take: Take, from?: number): void {
  const { song: old, take: current } = get();
  const holds = old === song.id && take.state === "done";
  if (current?.id !== take.id) begin(song.id, take, from ?? (holds ? heldPosition(take) : 0), holds);
  else if (from !== undefined) seek(from);
  start();
}

/** Plays a finished take of any song at the position, and in the loop, of the one that plays, to compare them. */
export function swap(song: string, take: Take): void {
  if (get().take?.id !== take.id) begin(song, take, get().take ? heldPosition(take) : 0, true);
  start();
}

/** The position now, in a take that may be shorter. */
const heldPosition = (take: Take) => Math.min(position(), Math.max(0, (take.duration ?? 0) - 1));

/** Opens the file of a take, or the stream of one that is being made. */
function begin(song: string, take: Take, from: number, keepsLoop: boolean): void {
  const live = take.state !== "done";
  audio.pause();
  closeStream();
  set({ song, take, live, time: from, failed: false, loop: keepsLoop ? get().loop : null });
  share = live ? 0 : 1;
  applyVolume();
  if (live) open();
  else load(take, from);
}

function load(take: Take, from: number): void {
  audio.src = audioUrl(take.id, playableFormat());
  audio.currentTime = from;
}

/** Sets the file to where the stream is; what a seek takes, the next one allows for. */
async function meet(): Promise<void> {
  let ahead = 0;
  for (let tries = 0; tries < SEEKS; tries++) {
    const late = stream.currentTime - audio.currentTime;
    if (Math.abs(late) < NEAR_SECONDS) return;
    ahead += late;
    audio.currentTime = stream.currentTime + ahead;
    await new Promise((resolve) => audio.addEventListener("seeked", resolve, { once: true }));
  }
}

/** Goes over from the stream to the file of the same take, now that it is done: at once in a pause, else with a fade, since
 * the file is a little louder or softer. A browser that lets nobody start a second sound plays the stream to its end. */
export async function goOver(take: Take): Promise<void> {
  const { playing } = get();
  load(take, stream.currentTime);
  if (playing) {
    share = 0;
    applyVolume();
    try {
      await audio.play();
    } catch {
      stream.addEventListener("ended", () => void goOver(take), { once: true });
      return;
    }
    await meet();
    if (get().take?.id !== take.id || !get().live) return; // something else was chosen meanwhile
    if (!get().playing) audio.pause();
  }
  set({ take, live: false, failed: false });
  await fade(playing ? FADE_SECONDS : 0, (now) => {
    if (get().live) return; // another take
    share = now;
    applyVolume();
  });
  if (!get().live) closeStream();
}

export function toggle(): void {
  if (!get().take) return;
  if (sounding().paused) start();
  else sounding().pause();
}

export function seek(time: number): void {
  const { live, take } = get();
  const { buffered } = stream;
  const end = live ? (buffered.length ? buffered.end(buffered.length - 1) : 0) : (take?.duration ?? 0);
  sounding().currentTime = Math.min(Math.max(0, time), Math.max(0, end - 0.05));
  set({ time: position() });
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
  const { loop, take, live } = get();
  if (!take || live) return;
  const end = Math.min(audio.currentTime + LOOP_SECONDS, take.duration ?? 0);
  setLoop(loop ? null : { start: Math.max(0, end - LOOP_SECONDS), end });
}

/** Moves the start or the end of the loop to the current position. */
export function markLoop(edge: "start" | "end"): void {
  const { loop, take, live } = get();
  if (!take || live) return;
  const now = audio.currentTime;
  const whole = { start: 0, end: take.duration ?? 0 };
  setLoop({ ...(loop ?? whole), [edge]: now });
}

/** Stops and unloads a song that was deleted, or whose take will not be finished. */
export function stop(song: string): void {
  if (get().song !== song) return;
  audio.pause();
  audio.removeAttribute("src");
  audio.load();
  closeStream();
  set({ song: null, take: null, live: false, playing: false, time: 0, loop: null });
}
