import { useSyncExternalStore } from "react";
import { onSound, position, usePlayer } from "./store";

const EVENTS = ["timeupdate", "seeked", "loadedmetadata", "play"] as const;

/** Calls `tell` with every frame of the screen during playback, and whenever the position changes otherwise. */
function subscribe(tell: () => void): () => void {
  let frame = 0;
  const tick = () => {
    tell();
    cancelAnimationFrame(frame);
    frame = usePlayer.getState().playing ? requestAnimationFrame(tick) : 0;
  };
  const stop = onSound(EVENTS, tick);
  tick();
  return () => {
    cancelAnimationFrame(frame);
    stop();
  };
}

/** What `select` says of the position in seconds, as exact as the screen can show it. Renders only when that changes. */
export function useAudioTime(select: (time: number) => number): number {
  return useSyncExternalStore(subscribe, () => select(position()));
}
