/** Keyboard shortcuts outside of fields, and media keys. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { findSong, useSong } from "../api/songs";
import { useSettings } from "../app/settings";
import { useText } from "../i18n";
import { titleOf } from "../library/song";
import { switchSides } from "./comparison";
import { stepTrack } from "./queue";
import { audio, markLoop, position, seek, stepTake, toggle, toggleLoop, usePlayer } from "./store";

const STEP = 5;

const ACTIONS: Record<string, () => void> = {
  " ": toggle,
  k: toggle,
  ArrowLeft: () => seek(position() - STEP),
  ArrowRight: () => seek(position() + STEP),
  "[": () => markLoop("start"),
  "]": () => markLoop("end"),
  n: () => stepTrack(1),
  p: () => stepTrack(-1),
  l: toggleLoop,
  x: switchSides,
  m: () => useSettings.getState().set({ muted: !useSettings.getState().muted }),
};

const TAKES: Record<string, 1 | -1> = { a: -1, b: 1 };

/** Whether the focused element uses the key itself: a field all of them, a button the space bar, a slider its arrows. */
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

/** Events after which the system needs the position; between them it counts on. */
const POSITION = ["loadedmetadata", "play", "pause", "seeked"] as const;

/** Reports what plays to the system, so that media keys, headphones and lock screens can control it. */
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
    session.setActionHandler("seekbackward", () => seek(position() - STEP));
    session.setActionHandler("seekforward", () => seek(position() + STEP));
    session.setActionHandler("seekto", ({ seekTime }) => seekTime !== undefined && seek(seekTime));
    session.setActionHandler("previoustrack", () => stepTake(song, -1));
    session.setActionHandler("nexttrack", () => stepTake(song, 1));
    const reportPosition = () => {
      const { duration, currentTime: position, playbackRate } = audio;
      if (Number.isFinite(duration)) session.setPositionState({ duration, position, playbackRate });
    };
    for (const event of POSITION) audio.addEventListener(event, reportPosition);
    return () => {
      for (const event of POSITION) audio.removeEventListener(event, reportPosition);
    };
  }, [song, take, t, language]);
  useEffect(() => {
    if ("mediaSession" in navigator) navigator.mediaSession.playbackState = playing ? "playing" : "paused";
  }, [playing]);
}
