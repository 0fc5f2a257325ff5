import { expect, test } from "vitest";
import { edgesOf, endsOf, isSame, landmarksOf, pointBeforeOutro, snap, stepTo, toBars } from "./landmarks";

const RECORD = {
  lyrics: [
    { line: 2, text: "a", start: 2.2, end: 3.9 },
    { line: 3, text: "你好", start: null, end: null },
    { line: 6, text: "b", start: 4.1, end: 5.5 },
  ],
  outline: {
    bpm: 120,
    beats: 4,
    sections: [
      ["intro", 0, 2],
      ["chorus", 2, 4],
      ["chorus", 4, 7],
    ],
  },
};
const MARKS = landmarksOf(RECORD, 7);

test("bars follow the tempo, and the last one ends with the song", () => {
  expect(MARKS.bars).toEqual([0, 2, 4, 6, 7]);
  expect(landmarksOf({ outline: { bpm: 90, beats: 3 } }, 5).bars).toEqual([0, 2, 4, 5]);
});

test("without a tempo every second is a point, without a record there is nothing else", () => {
  for (const record of [undefined, {}, { lyrics: null, outline: null }, { outline: { bpm: null } }])
    expect(landmarksOf(record, 2.5)).toEqual({ duration: 2.5, bars: [0, 1, 2, 2.5], lines: [], parts: [] });
});

test("lines that are not sung are nowhere, and parts of one name are numbered", () => {
  expect(MARKS.lines.map(({ number }) => number)).toEqual([2, 6]);
  expect(MARKS.parts.map(({ name, nth, of }) => [name, nth, of])).toEqual([
    ["intro", 1, 1],
    ["chorus", 1, 2],
    ["chorus", 2, 2],
  ]);
});

test("a song goes on from the end of a line, of a part if nobody sings, or from its own", () => {
  expect(endsOf(MARKS)).toEqual([3.9, 5.5, 7]);
  expect(endsOf({ ...MARKS, lines: [] })).toEqual([2, 4, 7]);
  expect(endsOf(landmarksOf({}, 9))).toEqual([9]);
  expect(edgesOf(MARKS)).toEqual([0, 2, 2.2, 3.9, 4, 4.1, 5.5, 7]);
});

test("unless a point is chosen, a song goes on before its outro", () => {
  const outro = { name: "outro", start: 5.5, end: 7, nth: 1, of: 1 };
  expect(pointBeforeOutro(MARKS)).toBe(7);
  expect(pointBeforeOutro({ ...MARKS, parts: [...MARKS.parts, outro] })).toBe(5.5);
  expect(pointBeforeOutro({ ...MARKS, parts: [outro, ...MARKS.parts] })).toBe(7);
});

test("a point snaps to the nearest one, and steps from one to the next", () => {
  expect([-1, 0.9, 1.1, 6.9, 99].map((time) => snap(time, MARKS.bars))).toEqual([0, 0, 2, 7, 7]);
  expect(snap(3.3, [])).toBe(3.3);
  expect(stepTo(2, MARKS.bars, 1)).toBe(4);
  expect(stepTo(1.995, MARKS.bars, 1)).toBe(4); // it stands at the bar already
  expect(stepTo(3, MARKS.bars, -1)).toBe(2);
  expect([stepTo(0, MARKS.bars, -1), stepTo(7, MARKS.bars, 1)]).toEqual([0, 7]);
});

test("a region is widened to whole bars, and one of whole bars stays as it is", () => {
  expect(toBars({ start: 2.2, end: 5.5 }, MARKS)).toEqual({ start: 2, end: 6 });
  expect(toBars({ start: 2, end: 6 }, MARKS)).toEqual({ start: 2, end: 6 });
  expect(toBars({ start: 6.5, end: 7.3 }, MARKS)).toEqual({ start: 6, end: 7 });
  expect([
    isSame({ start: 2, end: 4 }, { start: 2.001, end: 4 }),
    isSame({ start: 2, end: 4 }, { start: 2, end: 6 }),
  ]).toEqual([true, false]);
});
