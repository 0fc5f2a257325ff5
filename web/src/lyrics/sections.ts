/** Edits of lyrics that cannot wait for the server. The server finds the parts, by the lines of their headers. */

import type { Section } from "../api/client";
import { SECTION_TAGS } from "../api/limits";

export type SectionTag = (typeof SECTION_TAGS)[number];

export function isKnown(name: string): name is SectionTag {
  return (SECTION_TAGS as readonly string[]).includes(name);
}

/** The parts as written: one that is sung twice is in the text once. */
export function distinctSections(sections: readonly Section[]): Section[] {
  return sections.filter(({ line }, i) => i === 0 || line !== sections[i - 1]!.line);
}

/** The offset at which each part starts in the text. */
export function startsOf(text: string, parts: readonly Section[]): number[] {
  const lines = text.split("\n");
  return parts.map(({ line }) => lines.slice(0, (line ?? 1) - 1).reduce((sum, { length }) => sum + length + 1, 0));
}

/** The index of the part with the caret, or -1. */
export function partAt(starts: readonly number[], caret: number): number {
  return starts.findLastIndex((start) => start <= caret);
}

export interface Edit {
  text: string;
  caret: number;
}

/** Moves part `index` by `step` places; lines before the first header stay first. Null if it cannot move. */
export function movePart(text: string, parts: readonly Section[], index: number, step: -1 | 1): Edit | null {
  const target = index + step;
  if (parts[index]?.line == null || parts[target]?.line == null) return null;
  const starts = startsOf(text, parts);
  const texts = starts.map((start, i) => text.slice(start, starts[i + 1]).trim());
  const [moved] = texts.splice(index, 1);
  texts.splice(target, 0, moved!);
  const caret = texts.slice(0, target).reduce((length, part) => length + part.length + 2, 0);
  return { text: texts.join("\n\n"), caret };
}

/** Inserts `[tag]` on its own line: above the caret's line if the caret is at its start, else below it. */
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

export interface PaintedLine {
  text: string;
  /** Length of the header at the start of the line, in characters. */
  head: number;
  part: SectionTag | "unknown" | "";
  sung: boolean;
}

const BRACKETS = /^\s*[[【][^[\]【】]*[\]】]/;

/** The lines with their colours. `sections` may be out of date while one types: headers in brackets do not wait for it. */
export function paint(text: string, sections: readonly Section[]): PaintedLine[] {
  const names = new Map(sections.map(({ label, name }) => [label, name]));
  const heads = new Map(sections.map((section) => [section.line, section]));
  const unsung = new Map(
    sections.flatMap(({ lines }) => lines.flatMap(({ sung, line, text }) => (sung ? [] : [[line, text] as const]))),
  );
  return text.split("\n").map((line, i) => {
    const brackets = BRACKETS.exec(line)?.[0];
    const tag = brackets?.trim().slice(1, -1).trim() ?? "";
    const read = heads.get(i + 1);
    const here = read?.label && line.includes(read.label) ? read : undefined;
    const head = brackets?.length ?? (here ? line.indexOf(here.label) + here.label.length : 0);
    const name = here?.name ?? names.get(tag) ?? tag;
    return {
      text: line,
      head,
      part: head ? (isKnown(name) ? name : "unknown") : "",
      sung: !contains(unsung.get(i + 1), line),
    };
  });
}

const contains = (words: string | undefined, line: string) => words !== undefined && line.includes(words);
