/** Which line of the lyrics is being sung, by the outline that a take's record holds. */

export type Span = readonly [start: number, end: number];

/** The spans of a record's lines in seconds, in the order of the lyrics; none where nobody knows. */
export function lineSpans(record: unknown): readonly Span[] {
  const outline = (record as { outline?: { lines?: Span[] } | null } | undefined)?.outline;
  return outline?.lines ?? [];
}

/** The number of the line that is sung at a time, or -1. */
export function lineAt(spans: readonly Span[], time: number): number {
  return spans.findIndex(([start, end]) => start <= time && time < end);
}
