/** Lyrics as the models read them: parts that begin with a bracketed tag. Mirrors `khala.music.lyrics`. */

export const SECTION_TAGS = [
  "intro",
  "verse",
  "pre-chorus",
  "chorus",
  "post-chorus",
  "bridge",
  "inst",
  "solo",
  "outro",
] as const;
export type SectionTag = (typeof SECTION_TAGS)[number];

const ALIASES: Record<string, SectionTag> = {
  prechorus: "pre-chorus",
  refrain: "chorus",
  hook: "chorus",
  drop: "chorus",
  postchorus: "post-chorus",
  "middle 8": "bridge",
  "middle eight": "bridge",
  instrumental: "inst",
  interlude: "inst",
  break: "inst",
  "guitar solo": "solo",
  "piano solo": "solo",
  opening: "intro",
  ending: "outro",
  end: "outro",
  coda: "outro",
  前奏: "intro",
  主歌: "verse",
  副歌: "chorus",
  桥段: "bridge",
  间奏: "inst",
  尾奏: "outro",
};

const TAG_LINE = /^\s*[[【]([^[\]【】]*)[\]】]\s*(.*)$/;
const NUMBER = /[ #]*(x?\d+| [ivx]+| [a-c])$/;

/** The name a tag stands for: "Verse 1" is "verse", "Hook: all voices" is "chorus"; an unknown one in lower case. */
export function sectionName(tag: string): string {
  let name = tag
    .split(/[:：]/)[0]!
    .replace(/[\s_-]+/g, " ")
    .trim()
    .toLowerCase();
  if (!(name in ALIASES)) name = name.replace(NUMBER, "");
  name = ALIASES[name] ?? name;
  const hyphened = name.replaceAll(" ", "-");
  return isKnown(hyphened) ? hyphened : name;
}

export function isKnown(name: string): name is SectionTag {
  return (SECTION_TAGS as readonly string[]).includes(name);
}

export interface Line {
  text: string;
  /** Offset of the line's first character in the whole text. */
  start: number;
  /** The tag's name if the line begins with one. */
  tag?: string;
  /** What is sung on this line. */
  words: string;
}

export interface Section {
  /** One of SECTION_TAGS, an unknown tag, or "" before any tag. */
  name: string;
  start: number;
  end: number;
  /** What is sung, without blank lines. */
  lines: string[];
}

export function parseLines(text: string): Line[] {
  let start = 0;
  return text.split("\n").map((line) => {
    const match = TAG_LINE.exec(line);
    const parsed: Line = match
      ? { text: line, start, tag: sectionName(match[1]!), words: match[2]!.trim() }
      : { text: line, start, words: line.trim() };
    start += line.length + 1;
    return parsed;
  });
}

export function parseSections(text: string): Section[] {
  const sections: Section[] = [];
  for (const line of parseLines(text)) {
    if (line.tag !== undefined) sections.push({ name: line.tag, start: line.start, end: 0, lines: [] });
    if (!line.words) continue;
    if (!sections.length) sections.push({ name: "", start: 0, end: 0, lines: [] });
    sections.at(-1)!.lines.push(line.words);
  }
  sections.forEach((section, i) => {
    section.end = sections[i + 1]?.start ?? text.length;
  });
  return sections;
}

/** The section that holds the caret, or -1. */
export function sectionAt(sections: Section[], caret: number): number {
  return sections.findLastIndex((section) => section.start <= caret);
}

export interface Edit {
  text: string;
  caret: number;
}

/** Moves section `index` by `step` places; lines before the first tag stay first. Null where it cannot go. */
export function moveSection(text: string, index: number, step: -1 | 1): Edit | null {
  const sections = parseSections(text);
  const target = index + step;
  if (!sections[index]?.name || !sections[target]?.name) return null;
  const parts = sections.map((section) => text.slice(section.start, section.end).trim());
  const [moved] = parts.splice(index, 1);
  parts.splice(target, 0, moved!);
  const caret = parts.slice(0, target).reduce((length, part) => length + part.length + 2, 0);
  return { text: parts.join("\n\n"), caret };
}

/** Puts `[tag]` on a line of its own: before the caret's line if that is where the caret stands, else after it. */
export function insertSection(text: string, caret: number, tag: SectionTag): Edit {
  const lineStart = text.lastIndexOf("\n", caret - 1) + 1;
  const lineEnd = text.indexOf("\n", caret) < 0 ? text.length : text.indexOf("\n", caret);
  const at = caret === lineStart ? lineStart : lineEnd;
  const before = text.slice(0, at).trimEnd();
  const after = text
    .slice(at)
    .replace(/^\s*\n/, "")
    .trimEnd();
  const head = `${before ? `${before}\n\n` : ""}[${tag}]\n`;
  return { text: head + (after ? (after.startsWith("[") ? `\n${after}` : after) : ""), caret: head.length };
}
