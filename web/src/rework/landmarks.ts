/** What a point or a region of a take holds on to: its lines, parts and bars, from the record of the take. In seconds. */

export interface Span {
  start: number;
  end: number;
}

export interface SungLine extends Span {
  /** Its line in the lyrics as they were given, from 1; null in records of old. */
  number: number | null;
  text: string;
}

export interface Part extends Span {
  name: string;
  /** Its number among the parts of that name, from 1, and how many there are. */
  nth: number;
  of: number;
}

export interface Landmarks {
  duration: number;
  bars: readonly number[];
  lines: readonly SungLine[];
  parts: readonly Part[];
}

interface TakeRecord {
  lyrics?: { line: number | null; text: string; start: number | null; end: number | null }[] | null;
  outline?: { bpm?: number | null; beats?: number; sections?: [name: string, start: number, end: number][] } | null;
}

const SECONDS_BETWEEN_POINTS = 1;

/** The landmarks of a take of `duration` seconds. Where the record knows no tempo, a point for every second stands for bars. */
export function landmarksOf(record: unknown, duration: number): Landmarks {
  const { lyrics, outline } = (record ?? {}) as TakeRecord;
  const bar = outline?.bpm ? (60 * (outline.beats ?? 4)) / outline.bpm : SECONDS_BETWEEN_POINTS;
  const lines = (lyrics ?? []).flatMap(({ line, text, start, end }) =>
    start === null || end === null ? [] : [{ number: line, text, start, end }],
  );
  const sections = outline?.sections ?? [];
  const named = (name: string) => sections.filter(([other]) => other === name);
  const parts = sections.map((section) => {
    const [name, start, end] = section;
    return { name, start, end, nth: named(name).indexOf(section) + 1, of: named(name).length };
  });
  const bars = Array.from({ length: Math.ceil(duration / bar) }, (_, i) => i * bar);
  return { duration, bars: [...bars, duration], lines, parts };
}

/** The beginning, the end, and where lines and parts begin or end, in order. */
export function edgesOf({ duration, lines, parts }: Landmarks): number[] {
  const edges = [...lines, ...parts].flatMap(({ start, end }) => [start, end]);
  return inOrder([0, duration, ...edges.filter((edge) => edge < duration)]);
}

/** Where a song can go on from without cutting a word: the ends of its lines (of its parts, if nobody sings), before its
 * outro, and its end. */
export function endsOf(marks: Landmarks): number[] {
  const { duration, lines, parts } = marks;
  const ends = (lines.length ? lines : parts).map(({ end }) => end);
  return inOrder([...ends, pointBeforeOutro(marks), duration].filter((end) => end <= duration));
}

/** Where a song goes on from unless a point is chosen: before its outro, or else from its end. */
export function pointBeforeOutro({ duration, parts }: Landmarks): number {
  const outro = parts.findLast(({ name }) => name === "outro");
  return outro && outro === parts.at(-1) && outro.start > 0 ? outro.start : duration;
}

/** The points without repeats, from first to last. */
export function inOrder(points: readonly number[]): number[] {
  return [...new Set(points)].sort((a, b) => a - b);
}

/** The nearest of the points. */
export function snap(time: number, points: readonly number[]): number {
  return points.reduce(
    (best, point) => (Math.abs(point - time) < Math.abs(best - time) ? point : best),
    points[0] ?? time,
  );
}

const SAME_SECONDS = 0.01;

/** The next (1) or previous (-1) of the points, which are in order; `time` itself beyond the last one. */
export function stepTo(time: number, points: readonly number[], step: 1 | -1): number {
  const next =
    step > 0
      ? points.find((point) => point > time + SAME_SECONDS)
      : points.findLast((point) => point < time - SAME_SECONDS);
  return next ?? time;
}

/** Whether two regions are the same to the ear. */
export function isSame(a: Span, b: Span): boolean {
  return Math.abs(a.start - b.start) < SAME_SECONDS && Math.abs(a.end - b.end) < SAME_SECONDS;
}

/** Whether a line belongs to a region: its middle is there. */
export function isWithin(line: Span, { start, end }: Span): boolean {
  const middle = (line.start + line.end) / 2;
  return start <= middle && middle <= end;
}

/** The region widened to whole bars. */
export function toBars({ start, end }: Span, { bars, duration }: Landmarks): Span {
  return {
    start: bars.findLast((bar) => bar <= start + SAME_SECONDS) ?? 0,
    end: bars.find((bar) => bar >= end - SAME_SECONDS) ?? duration,
  };
}
