import { expect, test } from "vitest";
import { lineAt, lineTimings } from "./timing";

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
