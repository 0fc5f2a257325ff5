/** Which lines two versions of the lyrics do not share, and where the old ones are sung. */

import { isWithin, type Landmarks, type Span, toBars } from "./landmarks";

export interface Changes {
  /** Lines of the new lyrics, from 1, that are new or read differently. */
  added: ReadonlySet<number>;
  /** Lines of the old lyrics, from 1, that are gone or read differently. */
  removed: ReadonlySet<number>;
  /** For new lines after which nothing of the old is gone: the old lines around them, 0 and Infinity at the ends. */
  gaps: readonly (readonly [before: number, after: number])[];
}

interface Line {
  number: number;
  text: string;
}

/** The lines with words in them; spaces do not count. */
const wordedLines = (lyrics: string): Line[] =>
  lyrics
    .split("\n")
    .map((text, i) => ({ number: i + 1, text: text.trim().replace(/\s+/g, " ") }))
    .filter(({ text }) => text);

/** The longest common subsequence of lines, as pairs of places. */
function sharedLines(old: readonly Line[], now: readonly Line[]): [number, number][] {
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      lengths[i]![j] =
        old[i]!.text === now[j]!.text
          ? lengths[i + 1]![j + 1]! + 1
          : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < old.length && j < now.length; )
    if (old[i]!.text === now[j]!.text) pairs.push([i++, j++]);
    else if (lengths[i + 1]![j]! >= lengths[i]![j + 1]!) i++;
    else j++;
  return pairs;
}

export function changesOf(before: string, after: string): Changes {
  const [old, now] = [wordedLines(before), wordedLines(after)];
  const pairs = sharedLines(old, now);
  const added = new Set(now.map(({ number }) => number));
  const removed = new Set(old.map(({ number }) => number));
  const gaps: [number, number][] = [];
  let [i, j] = [0, 0];
  for (const [atOld, atNow] of [...pairs, [old.length, now.length] as const]) {
    if (atOld === i && atNow > j) gaps.push([old[i - 1]?.number ?? 0, old[i]?.number ?? Number.POSITIVE_INFINITY]);
    if (old[atOld]) removed.delete(old[atOld].number);
    if (now[atNow]) added.delete(now[atNow].number);
    [i, j] = [atOld + 1, atNow + 1];
  }
  return { added, removed, gaps };
}

/** The region, in whole bars, in which the changed lines are sung; null if nothing has changed or no time is known. */
export function regionOf({ removed, gaps }: Changes, marks: Landmarks): Span | null {
  const numbered = marks.lines.flatMap((line) => (line.number === null ? [] : [{ ...line, number: line.number }]));
  if (!numbered.length) return null;
  const between = gaps.map(([before, after]) => ({
    start: numbered.findLast(({ number }) => number <= before)?.end ?? 0,
    end: numbered.find(({ number }) => number >= after)?.start ?? marks.duration,
  }));
  const spans = [...numbered.filter(({ number }) => removed.has(number)), ...between];
  if (!spans.length) return null;
  const whole = {
    start: Math.min(...spans.map(({ start }) => start)),
    end: Math.max(...spans.map(({ end }) => end)),
  };
  return toBars(whole, marks);
}

/** Whether lines are changed, or put between others, that are sung outside of a region. */
export function reachBeyond({ removed, gaps }: Changes, { lines }: Landmarks, region: Span): boolean {
  const within = new Set(lines.flatMap((line) => (line.number !== null && isWithin(line, region) ? line.number : [])));
  if (!within.size) return removed.size > 0;
  const isBeyond = lines.some(({ number }) => number !== null && removed.has(number) && !within.has(number));
  return isBeyond || gaps.some(([before, after]) => !within.has(before) && !within.has(after));
}
