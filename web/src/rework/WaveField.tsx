import { type KeyboardEvent, type PointerEvent, type ReactNode, useId, useRef } from "react";
import { usePeaks } from "../api/catalogue";
import type { Take } from "../api/client";
import { useText } from "../i18n";
import { Bars } from "../library/TakePeaks";
import { usePlayer } from "../player/store";
import { clock } from "../ui/format";
import { edgesOf, type Landmarks, type Span, snap, stepTo } from "./landmarks";

const SHORTEST_SECONDS = 0.5;

interface Props {
  take: Take;
  marks: Landmarks;
  /** The region; null if there is none yet. */
  span: Span | null;
  /** What can be moved: a point from which on the song is new, a region, or nothing. */
  kind: "point" | "region" | "none";
  /** Where pointers come to rest. */
  points: readonly number[];
  onChange: (span: Span) => void;
  /** A button beside the times. */
  children: ReactNode;
}

/** The waveform of a take with a region on it. Pointers draw a region or move its edges; each edge is a slider: arrow keys
 * move it by bars, with Shift by lines. */
export function WaveField({ take, marks, span, kind, points, onChange, children }: Props) {
  const { data: peaks } = usePeaks(take.id);
  const box = useRef<HTMLDivElement>(null);
  /** While a pointer draws: the edge of the region that stays where it is. */
  const anchor = useRef<number | null>(null);
  const hint = useId();
  const { t } = useText();
  const { duration } = marks;
  const percent = (time: number) => `${(100 * time) / duration}%`;

  const timeAt = (event: PointerEvent) => {
    const { left, width } = box.current!.getBoundingClientRect();
    return snap(duration * Math.min(1, Math.max(0, (event.clientX - left) / width)), points);
  };
  const draw = (event: PointerEvent) => {
    const [time, fixed] = [timeAt(event), anchor.current];
    if (kind === "point") onChange({ start: Math.max(SHORTEST_SECONDS, time), end: duration });
    else if (fixed !== null && Math.abs(time - fixed) >= SHORTEST_SECONDS)
      onChange({ start: Math.min(time, fixed), end: Math.max(time, fixed) });
  };
  /** Takes hold of the edge under the pointer, or begins a new region. */
  const press = (event: PointerEvent<HTMLDivElement>) => {
    if (kind === "none" || event.button !== 0) return;
    const { edge } = (event.target as HTMLElement).dataset;
    anchor.current = span && edge === "start" ? span.end : span && edge === "end" ? span.start : timeAt(event);
    event.currentTarget.setPointerCapture(event.pointerId);
    if (kind === "point") draw(event);
  };
  const release = () => {
    anchor.current = null;
  };

  return (
    <div>
      <div
        ref={box}
        className={`relative h-20 touch-pan-y rounded-xl bg-sunk select-none ${kind === "none" ? "" : "cursor-crosshair"}`}
        onPointerDown={press}
        onPointerMove={(event) => anchor.current !== null && draw(event)}
        onPointerUp={release}
        onPointerCancel={release}
      >
        <div className="absolute inset-x-0 inset-y-2 overflow-hidden">
          {peaks && <Bars peaks={peaks.peaks} className="text-edge" />}
        </div>
        {span && span.end > span.start && (
          <div
            className="pointer-events-none absolute inset-y-0 rounded-sm bg-accent/20"
            style={{ left: percent(span.start), right: `calc(100% - ${percent(span.end)})` }}
          />
        )}
        <Position take={take} duration={duration} />
        {span && kind !== "none" && (
          <Edge
            name="start"
            label={t(kind === "point" ? "rework.point" : "rework.regionStart")}
            hint={hint}
            at={span.start}
            limits={kind === "point" ? [SHORTEST_SECONDS, duration] : [0, span.end - SHORTEST_SECONDS]}
            marks={marks}
            onMove={(start) => onChange({ start, end: span.end })}
          />
        )}
        {span && kind === "region" && (
          <Edge
            name="end"
            label={t("rework.regionEnd")}
            hint={hint}
            at={span.end}
            limits={[span.start + SHORTEST_SECONDS, duration]}
            marks={marks}
            onMove={(end) => onChange({ start: span.start, end })}
          />
        )}
      </div>
      <div className="mt-2 flex min-h-8 items-center gap-3 text-sm tabular-nums">
        <p id={hint} className="mr-auto text-muted max-sm:sr-only">
          {kind === "none" ? "" : t("rework.keys")}
        </p>
        <p className="font-medium max-sm:mr-auto">
          {span && (kind === "point" ? clock(span.start) : `${clock(span.start)} – ${clock(span.end)}`)}
        </p>
        {children}
      </div>
    </div>
  );
}

interface EdgeProps {
  name: "start" | "end";
  label: string;
  hint: string;
  at: number;
  limits: readonly [low: number, high: number];
  marks: Landmarks;
  onMove: (time: number) => void;
}

/** An edge of the region: a slider, and what pointers take hold of. */
function Edge({ name, label, hint, at, limits: [low, high], marks, onMove }: EdgeProps) {
  const target = ({ key, shiftKey }: KeyboardEvent): number | undefined => {
    const points = shiftKey || key.startsWith("Page") ? edgesOf(marks) : marks.bars;
    if (key === "ArrowRight" || key === "ArrowUp" || key === "PageUp") return stepTo(at, points, 1);
    if (key === "ArrowLeft" || key === "ArrowDown" || key === "PageDown") return stepTo(at, points, -1);
    return { Home: low, End: high }[key];
  };
  const press = (event: KeyboardEvent) => {
    const time = target(event);
    if (time === undefined) return;
    event.preventDefault();
    if (low <= time && time <= high) onMove(time);
  };
  return (
    <div
      role="slider"
      tabIndex={0}
      data-edge={name}
      aria-label={label}
      aria-describedby={hint}
      aria-valuemin={low}
      aria-valuemax={high}
      aria-valuenow={at}
      aria-valuetext={clock(at)}
      onKeyDown={press}
      className="absolute inset-y-0 w-5 -translate-x-1/2 cursor-ew-resize rounded-md pointer-coarse:w-10 after:pointer-events-none after:absolute after:inset-y-0 after:left-1/2 after:w-1 after:-translate-x-1/2 after:rounded-full after:bg-accent"
      style={{ left: `${(100 * at) / marks.duration}%` }}
    />
  );
}

/** Where the take is heard now. */
function Position({ take, duration }: { take: Take; duration: number }) {
  const time = usePlayer((player) => (player.take?.id === take.id ? player.time : null));
  if (time === null) return null;
  return (
    <div
      className="pointer-events-none absolute inset-y-0 w-px bg-ink"
      style={{ left: `${(100 * Math.min(time, duration)) / duration}%` }}
    />
  );
}
