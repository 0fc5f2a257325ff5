import { expect, test } from "vitest";
import type { Section } from "../api/client";
import { distinctSections, insertSection, movePart, paint, partAt, startsOf } from "./sections";

const part = (name: string, line: number | null, words: string[] = [], label = name): Section => ({
  name,
  label,
  line,
  lines: words.map((text, i) => ({ text, line: (line ?? 0) + 1 + i, sung: true })),
});

test("a part moves with its lines, and only between headers", () => {
  const text = "[verse]\na\n\n[chorus]\nb\n\n[outro]";
  const parts = [part("verse", 1, ["a"]), part("chorus", 4, ["b"]), part("outro", 7)];
  const down = movePart(text, parts, 0, 1)!;
  expect(down.text).toBe("[chorus]\nb\n\n[verse]\na\n\n[outro]");
  expect(down.text.slice(down.caret)).toMatch(/^\[verse\]/);
  const moved = [part("chorus", 1, ["b"]), part("verse", 4, ["a"]), part("outro", 7)];
  expect(movePart(down.text, moved, 1, -1)!.text).toBe(text);
  expect(movePart(text, parts, 0, -1)).toBeNull();
  expect(movePart(text, parts, 2, 1)).toBeNull();
  expect(movePart("hum\n[verse]\na", [part("", null, ["hum"]), part("verse", 2, ["a"])], 1, -1)).toBeNull();
});

test("a part that is sung twice is in the text once", () => {
  const text = "[Chorus x2]\na\n[verse]\nb";
  const parts = distinctSections([part("chorus", 1, ["a"]), part("chorus", 1, ["a"]), part("verse", 3, ["b"])]);
  expect(parts.map(({ name }) => name)).toEqual(["chorus", "verse"]);
  expect(movePart(text, parts, 0, 1)!.text).toBe("[verse]\nb\n\n[Chorus x2]\na");
});

test("the caret is in the part of the last header before it", () => {
  const starts = startsOf("hum\n[Verse 1] first\n\nsecond", [part("", null, ["hum"]), part("verse", 2)]);
  expect(starts).toEqual([0, 4]);
  expect([0, 3, 4, 20].map((caret) => partAt(starts, caret))).toEqual([0, 0, 1, 1]);
  expect(partAt(startsOf("\n[verse]\na", [part("verse", 2)]), 0)).toBe(-1);
});

test.each([
  ["", 0, "[verse]\n", 8],
  ["hello", 5, "hello\n\n[verse]\n", 15],
  ["hello", 0, "[verse]\nhello", 8],
  ["one\ntwo", 2, "one\n\n[verse]\ntwo", 13],
  ["one\n\n[chorus]\ntwo", 3, "one\n\n[verse]\n\n[chorus]\ntwo", 13],
])("a tag goes into %j at %i", (text, caret, wanted, at) =>
  expect(insertSection(text, caret, "verse")).toEqual({ text: wanted, caret: at }),
);

test("headers are coloured as the server read them, and those in brackets at once", () => {
  const text = "[verse]\nla\nChorus:\n【Hook】 la\n[laser show]";
  const painted = (sections: Section[]) => paint(text, sections).map(({ head, part }) => [head, part]);
  expect(painted([])).toEqual([
    [7, "verse"],
    [0, ""],
    [0, ""],
    [6, "unknown"],
    [12, "unknown"],
  ]);
  const read = [part("verse", 1, ["la"]), part("chorus", 3, [], "Chorus"), part("chorus", 4, ["la"], "Hook")];
  expect(painted([...read, part("", 5, [], "laser show")])).toEqual([
    [7, "verse"],
    [0, ""],
    [6, "chorus"],
    [6, "chorus"],
    [12, "unknown"],
  ]);
});

test("a header that is sung twice has its part's colour", () => {
  expect(paint("[Chorus x2]\nla", [part("chorus", 1, ["la"], "Chorus")])[0]).toMatchObject({
    head: 11,
    part: "chorus",
  });
});

test("lines that are left out are marked, also while the next outline is being fetched", () => {
  const words = { ...part("verse", 1), lines: [{ text: "你好", line: 2, sung: false }] };
  const sung = (text: string) => paint(text, [words]).map((line) => line.sung);
  expect(sung("[verse]\n你好\nhello")).toEqual([true, false, true]);
  expect(sung("[verse]\nnew\n你好")).toEqual([true, true, true]);
});
