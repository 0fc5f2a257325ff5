import { expect, test } from "vitest";
import { countLyrics, warnLyrics } from "./fit";
import { insertSection, moveSection, parseSections, sectionAt, sectionName } from "./sections";
import { countSyllables } from "./syllables";

const EXAMPLE = `[intro]

[verse]
Morning light is in the street
You and I, we find the beat

[chorus]
Sing with me and take my hand
Dancing wild across the land
Sing with me and take my hand
We will run along the sand

[outro]`;

test.each([
  ["Verse 1", "verse"],
  ["Hook: all voices", "chorus"],
  ["PRE_CHORUS", "pre-chorus"],
  ["Pre Chorus ii", "pre-chorus"],
  ["guitar solo 2", "solo"],
  ["middle 8", "bridge"],
  ["副歌", "chorus"],
  ["Laser Show", "laser show"],
])("the tag %s means %s", (tag, name) => expect(sectionName(tag)).toBe(name));

test("sections keep their offsets and what is sung", () => {
  const sections = parseSections(`hum\n[Verse 1] first\n\nsecond\n【chorus】\nthird`);
  expect(sections.map((s) => [s.name, s.lines])).toEqual([
    ["", ["hum"]],
    ["verse", ["first", "second"]],
    ["chorus", ["third"]],
  ]);
  expect(sections[1]).toMatchObject({ start: 4, end: 28 });
  expect(sectionAt(sections, 5)).toBe(1);
  expect(sectionAt(parseSections("\n[verse]\na"), 0)).toBe(-1);
});

test("a section moves with its lines, and only between tags", () => {
  const text = "[verse]\na\n\n[chorus]\nb\n\n[outro]";
  const down = moveSection(text, 0, 1)!;
  expect(down.text).toBe("[chorus]\nb\n\n[verse]\na\n\n[outro]");
  expect(down.text.slice(down.caret)).toMatch(/^\[verse\]/);
  expect(moveSection(down.text, 1, -1)!.text).toBe(text);
  expect(moveSection(text, 0, -1)).toBeNull();
  expect(moveSection(text, 2, 1)).toBeNull();
  expect(moveSection("hum\n[verse]\na", 1, -1)).toBeNull();
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

test.each([
  ["Morning light is in the street", 7],
  ["Sing with me and take my hand", 7],
  ["We will run along the sand", 7],
  ["table wishes wanted loved little", 9],
  ["mañana café", 5],
  ["你好世界", 4],
  ["きょうはいい", 5],
  ["사랑해", 3],
  ["любовь моя", 4],
  ["... 123 —", 0],
])("%s has %i syllables", (text, count) => expect(countSyllables(text)).toBe(count));

test("the built-in example lasts about half a minute at its tempo", () => {
  expect(countLyrics(EXAMPLE, 117)).toEqual({ lines: 6, syllables: 42, seconds: 35 });
  expect(countLyrics("[intro]\n[outro]", null).seconds).toBeNull();
});

test("warns of what models get wrong, and of nothing else", () => {
  const kinds = (text: string, duration = 30) => warnLyrics(text, duration, 117).map((w) => w.kind);
  expect(kinds(EXAMPLE)).toEqual([]);
  expect(kinds("")).toEqual([]);
  expect(kinds(EXAMPLE, 5)).toEqual(["too-much"]);
  expect(kinds(EXAMPLE, 240)).toEqual(["too-little"]);
  expect(kinds("[verse]\n\n[chorus]")).toEqual(["no-words"]);
  expect(warnLyrics("[vers]\nla la la la la la la la la la la la", 5, 117)).toEqual([
    { kind: "unknown", tag: "vers", meant: "verse" },
  ]);
  expect(warnLyrics("[laser show]\nla la la", 5, 117)).toEqual([{ kind: "unknown", tag: "laser show", meant: null }]);
});

test.each(["Chorus:", "(verse 2)", "PRE CHORUS", "[chorus", "love me [whispered] now", "Hook"])(
  "%s would be sung",
  (line) =>
    expect(warnLyrics(`[verse]\n${line}\nla la la la`, 10, 117)).toContainEqual({ kind: "sung", line: 2, text: line }),
);

test("words that merely name a part are words", () => {
  expect(warnLyrics("[verse]\nThe chorus of the morning birds\nA bridge across the sea", 10, 117)).toEqual([]);
});
