import { useEffect } from "react";
import type { Song } from "../api/client";
import { useText } from "../i18n";
import { clock } from "../ui/format";
import { goOver, stop, usePlayer } from "./store";

/** Where a take is that plays while it is made, in a song of about so many seconds. */
export function LivePosition({ seconds }: { seconds: number }) {
  const time = usePlayer((player) => player.time);
  const { t } = useText();
  const share = Math.min(1, time / seconds);
  return (
    <div
      role="progressbar"
      aria-label={t("player.position")}
      aria-valuemin={0}
      aria-valuemax={Math.round(seconds)}
      aria-valuenow={Math.round(share * seconds)}
      aria-valuetext={t("player.at", { time: clock(time), whole: clock(seconds) })}
      className="my-[1.125rem] h-1 overflow-hidden rounded-full bg-line"
    >
      <div className="h-full origin-left rounded-full bg-accent" style={{ transform: `scaleX(${share})` }} />
    </div>
  );
}

/** Lets the file of a take go on once it is done, and stops the player if it never will be. */
export function useGoingOver(song: Song | undefined): void {
  const id = usePlayer((player) => (player.live ? player.take?.id : undefined));
  const take = song?.takes.find((take) => take.id === id);
  const state = take?.state;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a take changes with its progress, and goes over once
  useEffect(() => {
    if (take && state === "done") void goOver(take);
    else if (song && (state === "failed" || state === "cancelled")) stop(song.id);
  }, [id, state]);
}
