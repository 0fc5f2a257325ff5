import { expect, test } from "vitest";
import { lineAt, lineSpans } from "./follow";

test("a line is sung from its start until its end", () => {
  const spans = lineSpans({
    outline: {
      lines: [
        [1, 2.5],
        [2.5, 4],
        [6, 7],
      ],
    },
  });
  expect([0.9, 1, 2.5, 3.9, 5, 6.5, 9].map((time) => lineAt(spans, time))).toEqual([-1, 0, 1, 1, -1, 2, -1]);
});

test("records without an outline tell nothing", () => {
  for (const record of [undefined, {}, { outline: null }, { outline: {} }]) expect(lineSpans(record)).toEqual([]);
});
