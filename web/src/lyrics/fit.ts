/** How long sung words take, and what to tell a musician before a model gets it wrong. */

import { isKnown, parseLines, parseSections, SECTION_TAGS } from "./sections";
import { countSyllables } from "./syllables";

export interface Counts {
  lines: number;
  syllables: number;
  /** Seconds that a song with these lyrics wants, in steps of 5; null without lyrics. */
  seconds: number | null;
}

const USUAL_BPM = 110;
const BARS_OF_A_LINE = 2;
const SYLLABLES_OF_A_LINE = 10;
const BARS_WITHOUT_WORDS: Record<string, number> = { intro: 2, outro: 2, inst: 4, solo: 4 };
/** A singer who has to say more in a second swallows words. */
const FASTEST = 4.5;

/** A line is two bars as in the songs the models heard, four if it has more syllables than two bars hold. */
export function countLyrics(lyrics: string, bpm: number | null): Counts {
  let [lines, syllables, bars] = [0, 0, 0];
  for (const section of parseSections(lyrics)) {
    if (!section.lines.length) bars += BARS_WITHOUT_WORDS[section.name] ?? 0;
    for (const line of section.lines) {
      const count = countSyllables(line);
      lines += 1;
      syllables += count;
      bars += BARS_OF_A_LINE * Math.max(1, Math.ceil(count / SYLLABLES_OF_A_LINE));
    }
  }
  const seconds = (bars * 4 * 60) / (bpm ?? USUAL_BPM);
  return { lines, syllables, seconds: lines ? Math.max(5, Math.round(seconds / 5) * 5) : null };
}

export type Warning =
  | { kind: "too-much"; seconds: number }
  | { kind: "too-little"; seconds: number }
  | { kind: "unknown"; tag: string; meant: string | null }
  | { kind: "sung"; line: number; text: string }
  | { kind: "no-words" };

/** What models get wrong with these lyrics in `duration` seconds, at most one of a kind but for tags. */
export function warnLyrics(lyrics: string, duration: number, bpm: number | null): Warning[] {
  if (!lyrics.trim()) return [];
  const { lines, syllables, seconds } = countLyrics(lyrics, bpm);
  const warnings: Warning[] = [];
  if (!lines) return [{ kind: "no-words" }];
  if (syllables / FASTEST > duration) warnings.push({ kind: "too-much", seconds: seconds! });
  else if (seconds! * 2.5 < duration) warnings.push({ kind: "too-little", seconds: seconds! });
  const unknown = new Set(parseSections(lyrics).flatMap(({ name }) => (name && !isKnown(name) ? [name] : [])));
  for (const tag of unknown) warnings.push({ kind: "unknown", tag, meant: meant(tag) });
  for (const [i, line] of parseLines(lyrics).entries())
    if (looksLikeTag(line.words)) warnings.push({ kind: "sung", line: i + 1, text: line.words });
  return warnings;
}

const NAMES = SECTION_TAGS.map((tag) => tag.replace("-", "[ -]?")).join("|");
const BARE = new RegExp(`^\\(?(${NAMES}|refrain|hook|instrumental|interlude)( ?\\d+)?( ?x\\d)?\\)?[:.]?$`, "i");

/** A line that is meant as a tag but would be sung: "Chorus:", "(verse 2)", "[chorus" or "words [whispered] words". */
function looksLikeTag(words: string): boolean {
  return BARE.test(words) || /[[\]【】]/.test(words);
}

/** The known tag that `tag` is nearly, by the fewest changed letters (two at most). */
function meant(tag: string): string | null {
  const near = SECTION_TAGS.map((known) => ({ known, distance: editDistance(tag, known) }));
  const best = near.sort((a, b) => a.distance - b.distance)[0]!;
  return best.distance <= 2 ? best.known : null;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
