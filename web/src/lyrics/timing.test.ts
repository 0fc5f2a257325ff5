import { expect, test } from "vitest";
import { lineAt, lineTimings, stepWord, wordsBegun } from "./timing";

test("a line is current from its start to its end, one that is left out never", () => {
  const lines = lineTimings({
    lyrics: [
      { line: 2, text: "a", start: 1, end: 2.5, sung: true },
      { line: 3, text: "你好", start: null, end: null, sung: false },
      { line: 4, text: "b", start: 2.5, end: 4, sung: false },
    ],
  });
  expect([0.9, 1, 2.5, 3.9, 5].map((time) => lineAt(lines, time))).toEqual([-1, 0, 2, 2, -1]);
  expect(lines.map(({ sung }) => sung)).toEqual([true, false, false]);
});

const WORDS = [
  { text: "sing", start: 1, end: 1.5 },
  { text: "你好", start: null, end: null },
  { text: "me", start: 2, end: 2.2 },
];

test("words light up from their start on, one without a time with the next one", () => {
  const [line] = lineTimings({ lyrics: [{ line: 1, text: "", start: 1, end: 2.2, sung: true, words: WORDS }] });
  expect([0.9, 1, 1.9, 2, 9].map((time) => wordsBegun(line!.words, time))).toEqual([0, 1, 1, 3, 3]);
});

test("one steps from word to word, but not beyond the ends of a line", () => {
  const steps = (step: 1 | -1) => [0.5, 1, 1.7, 2].map((time) => stepWord(WORDS, time, step));
  expect(steps(1)).toEqual([1, 2, 2, null]);
  expect(steps(-1)).toEqual([null, null, null, 1]);
  expect(stepWord([], 1, 1)).toBeNull();
});

test("a line that the recogniser did not hear is not said to be left out", () => {
  expect(lineTimings({ lyrics: [{ line: 1, text: "", start: null, end: null, sung: null, words: [] }] })).toEqual([
    { span: null, sung: true, words: [] },
  ]);
});

test("older records hold planned times", () => {
  const spans = [
    [1, 2.5],
    [6, 7],
  ];
  expect([0.9, 1, 5, 6.5].map((time) => lineAt(lineTimings({ outline: { lines: spans } }), time))).toEqual([
    -1, 0, -1, 1,
  ]);
});

test("records without times have no lines", () => {
  for (const record of [undefined, {}, { outline: null }, { outline: {} }, { lyrics: null }])
    expect(lineTimings(record)).toEqual([]);
});
