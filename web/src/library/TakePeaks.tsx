import { memo, useMemo } from "react";
import { usePeaks } from "../api/catalogue";
import type { Song, Take } from "../api/client";
import { play, seek, usePlayer } from "../player/store";

/** The peak of each of `bars` stretches, 0..1. */
export function barHeights(peaks: number[][], bars: number): number[] {
  const highs = Array.from({ length: bars }, (_, i) => {
    const part = peaks.slice(
      Math.floor((i * peaks.length) / bars),
      Math.max(1, Math.floor(((i + 1) * peaks.length) / bars)),
    );
    return part.reduce((most, [low = 0, high = 0]) => Math.max(most, high, -low), 0);
  });
  const top = Math.max(...highs, 1e-4);
  return highs.map((high) => high / top);
}

/** The waveform of a take; a click plays from there. */
export function TakePeaks({ song, take, current }: { song: Song; take: Take; current: boolean }) {
  const { data: peaks } = usePeaks(take.id);
  const jump = (at: number) => {
    const to = at * (take.duration ?? 0);
    if (current) seek(to);
    else play(song, take, to);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut for pointers; keys have the player's slider
    // biome-ignore lint/a11y/useKeyWithClickEvents: the same
    <div
      className="relative h-10 min-w-0 flex-1 cursor-pointer"
      onClick={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        jump((event.clientX - box.left) / box.width);
      }}
    >
      {peaks && <Bars peaks={peaks.peaks} className="text-edge" />}
      {peaks && current && <Played peaks={peaks.peaks} seconds={take.duration ?? 1} />}
    </div>
  );
}

function Played({ peaks, seconds }: { peaks: number[][]; seconds: number }) {
  const time = usePlayer((player) => player.time);
  return (
    <div className="absolute inset-0" style={{ clipPath: `inset(0 ${100 - (100 * time) / seconds}% 0 0)` }}>
      <Bars peaks={peaks} className="text-accent" />
    </div>
  );
}

/** Fewer bars on a phone. */
export const Bars = memo(function Bars({ peaks, className }: { peaks: number[][]; className: string }) {
  return (
    <>
      <Path peaks={peaks} bars={36} className={`sm:hidden ${className}`} />
      <Path peaks={peaks} bars={120} className={`max-sm:hidden ${className}`} />
    </>
  );
});

function Path({ peaks, bars, className }: { peaks: number[][]; bars: number; className: string }) {
  const path = useMemo(() => {
    const heights = barHeights(peaks, bars).map((high) => Math.max(1.5, 30 * high));
    return heights.map((h, i) => `M${i * 4 + 2} ${(16 - h / 2).toFixed(1)}v${h.toFixed(1)}`).join("");
  }, [peaks, bars]);
  return (
    <svg
      viewBox={`0 0 ${bars * 4} 32`}
      preserveAspectRatio="none"
      className={`absolute inset-0 size-full ${className}`}
      aria-hidden="true"
    >
      <path d={path} stroke="currentColor" strokeWidth="2" strokeLinecap="round" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
