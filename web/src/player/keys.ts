/** Keys that work anywhere outside a field, and those of the keyboard's media row. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { findSong, useSong } from "../api/songs";
import { useSettings } from "../app/settings";
import { useText } from "../i18n";
import { titleOf } from "../library/words";
import { audio, markLoop, seek, stepTake, toggle, toggleLoop, usePlayer } from "./store";

const STEP = 5;

const ACTIONS: Record<string, () => void> = {
  " ": toggle,
  k: toggle,
  ArrowLeft: () => seek(audio.currentTime - STEP),
  ArrowRight: () => seek(audio.currentTime + STEP),
  "[": () => markLoop("start"),
  "]": () => markLoop("end"),
  l: toggleLoop,
  m: () => useSettings.getState().set({ muted: !useSettings.getState().muted }),
};

const TAKES: Record<string, 1 | -1> = { a: -1, b: 1 };

/** Whether a key belongs to what has the focus: a field takes all, a button its space bar, a slider its arrows. */
export function isTaken(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches("textarea, select, [role=menuitem], [role=slider]")) return true;
  if (target instanceof HTMLInputElement) return target.type !== "checkbox" || key === " ";
  return key === " " && target.matches("button, a, summary");
}

export function usePlayerKeys(): void {
  const client = useQueryClient();
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event.target, event.key)) return;
      const { song } = usePlayer.getState();
      const [key, step] = [event.key.toLowerCase(), TAKES[event.key.toLowerCase()]];
      if (!song || !(step || ACTIONS[event.key] || ACTIONS[key])) return;
      event.preventDefault();
      if (step) stepTake(findSong(client, song), step);
      else (ACTIONS[event.key] ?? ACTIONS[key])?.();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [client]);
}

/** After these the system counts on by itself. */
const POSITION = ["loadedmetadata", "play", "pause", "seeked"] as const;

/** Tells the system what plays, so that media keys, headphones and lock screens can steer it. */
export function useMediaSession(): void {
  const { data: song } = useSong(usePlayer((player) => player.song));
  const take = usePlayer((player) => player.take);
  const playing = usePlayer((player) => player.playing);
  const { t, language } = useText();
  useEffect(() => {
    if (!("mediaSession" in navigator) || !song || !take) return;
    const session = navigator.mediaSession;
    session.metadata = new MediaMetadata({
      title: titleOf(song, language),
      artist: "Khala",
      album: t("take.name", { n: take.number }),
    });
    session.setActionHandler("play", toggle);
    session.setActionHandler("pause", toggle);
    session.setActionHandler("seekbackward", () => seek(audio.currentTime - STEP));
    session.setActionHandler("seekforward", () => seek(audio.currentTime + STEP));
    session.setActionHandler("seekto", ({ seekTime }) => seekTime !== undefined && seek(seekTime));
    session.setActionHandler("previoustrack", () => stepTake(song, -1));
    session.setActionHandler("nexttrack", () => stepTake(song, 1));
    const tell = () => {
      const { duration, currentTime: position, playbackRate } = audio;
      if (Number.isFinite(duration)) session.setPositionState({ duration, position, playbackRate });
    };
    for (const event of POSITION) audio.addEventListener(event, tell);
    return () => {
      for (const event of POSITION) audio.removeEventListener(event, tell);
    };
  }, [song, take, t, language]);
  useEffect(() => {
    if ("mediaSession" in navigator) navigator.mediaSession.playbackState = playing ? "playing" : "paused";
  }, [playing]);
}
