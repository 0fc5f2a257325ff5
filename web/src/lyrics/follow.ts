/** Which line of the lyrics is sung when, by the record of a take. */

export type Span = readonly [start: number, end: number];

export interface Followed {
  /** In seconds; null where nothing of the line is sung. */
  span: Span | null;
  sung: boolean;
}

interface TakeRecord {
  lyrics?: { start: number | null; end: number | null; sung: boolean }[] | null;
  outline?: { lines?: Span[] } | null;
}

/** The record's lines in the order of the lyrics; none where nobody knows. Older records tell but where they were planned. */
export function followed(record: unknown): readonly Followed[] {
  const { lyrics, outline } = (record ?? {}) as TakeRecord;
  if (!lyrics) return outline?.lines?.map((span) => ({ span, sung: true })) ?? [];
  return lyrics.map(({ start, end, sung }) => ({ span: start === null || end === null ? null : [start, end], sung }));
}

/** The number of the line that is sung at a time, or -1. */
export function lineAt(lines: readonly Followed[], time: number): number {
  return lines.findIndex(({ span }) => span && span[0] <= time && time < span[1]);
}
