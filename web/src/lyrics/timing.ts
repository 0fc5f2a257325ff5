/** When each line and word of the lyrics is sung, according to the record of a take. */

export type Span = readonly [start: number, end: number];

/** A word as it is written; its time in seconds is null where it is not known. */
export interface WordTiming {
  text: string;
  start: number | null;
}

export interface LineTiming {
  /** In seconds; null for a line that is not sung. */
  span: Span | null;
  sung: boolean;
  /** Empty in older records. */
  words: readonly WordTiming[];
}

interface TakeRecord {
  lyrics?: { start: number | null; end: number | null; sung: boolean | null; words?: WordTiming[] }[] | null;
  outline?: { lines?: Span[] } | null;
}

/** The lines of a record in the order of the lyrics; none if it has no timing. Older records only hold where lines were planned. */
export function lineTimings(record: unknown): readonly LineTiming[] {
  const { lyrics, outline } = (record ?? {}) as TakeRecord;
  if (!lyrics) return outline?.lines?.map((span) => ({ span, sung: true, words: [] })) ?? [];
  return lyrics.map(({ start, end, sung, words }) => ({
    span: start === null || end === null ? null : [start, end],
    sung: sung !== false, // null: the recogniser did not hear it
    words: words ?? [],
  }));
}

/** The index of the line that is sung at `time` (seconds), or -1. */
export function lineAt(lines: readonly LineTiming[], time: number): number {
  return lines.findIndex(({ span }) => span && span[0] <= time && time < span[1]);
}

/** How many words of a line have begun by `time`, those without a time between them included. */
export function wordsBegun(words: readonly WordTiming[], time: number): number {
  return words.findLastIndex(({ start }) => start !== null && start <= time) + 1;
}

/** When the next (1) or previous (-1) word of a line begins, seen from `time`; null beyond its ends. */
export function stepWord(words: readonly WordTiming[], time: number, step: 1 | -1): number | null {
  const starts = words.flatMap(({ start }) => start ?? []);
  const at = starts.findLastIndex((start) => start <= time);
  return starts[Math.max(at, step > 0 ? -1 : 0) + step] ?? null;
}
