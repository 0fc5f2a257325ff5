/** When each line of the lyrics is sung, according to the record of a take. */

export type Span = readonly [start: number, end: number];

export interface LineTiming {
  /** In seconds; null for a line that is not sung. */
  span: Span | null;
  sung: boolean;
}

interface TakeRecord {
  lyrics?: { start: number | null; end: number | null; sung: boolean }[] | null;
  outline?: { lines?: Span[] } | null;
}

/** The lines of a record in the order of the lyrics; none if it has no timing. Older records only hold where lines were planned. */
export function lineTimings(record: unknown): readonly LineTiming[] {
  const { lyrics, outline } = (record ?? {}) as TakeRecord;
  if (!lyrics) return outline?.lines?.map((span) => ({ span, sung: true })) ?? [];
  return lyrics.map(({ start, end, sung }) => ({ span: start === null || end === null ? null : [start, end], sung }));
}

/** The index of the line that is sung at `time` (seconds), or -1. */
export function lineAt(lines: readonly LineTiming[], time: number): number {
  return lines.findIndex(({ span }) => span && span[0] <= time && time < span[1]);
}
