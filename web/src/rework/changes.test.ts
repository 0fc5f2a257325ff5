import { expect, test } from "vitest";
import { changesOf, reachBeyond, regionOf } from "./changes";
import { landmarksOf } from "./landmarks";

const OLD = "[verse]\none\ntwo\n\n[chorus]\nla la\nla la\n\n[verse]\nthree";

const changes = (after: string) => {
  const { added, removed, gaps } = changesOf(OLD, after);
  return [[...added], [...removed], gaps];
};

test("lyrics that read the same have no changed lines", () => {
  expect(changes(OLD)).toEqual([[], [], []]);
  expect(changes(OLD.replaceAll("\n\n", "\n\n\n").replace("la la", " la  la "))).toEqual([[], [], []]);
});

test("a line that is written anew is gone from the old lyrics and new in the others", () =>
  expect(changes(OLD.replace("two", "too"))).toEqual([[3], [3], []]));

test("a line of a pair of equals can be changed, or taken out", () => {
  expect(changes(OLD.replace("la la\nla la", "la la\nlo lo"))).toEqual([[7], [7], []]);
  expect(changes(OLD.replace("la la\nla la", "la la"))).toEqual([[], [7], []]);
});

test("a line that is put between others is between them in the old lyrics", () => {
  expect(changes(OLD.replace("two", "two\nmore"))).toEqual([[4], [], [[3, 5]]]);
  expect(changes(`hey\n${OLD}`)).toEqual([[1], [], [[0, 1]]]);
  expect(changes(`${OLD}\nfour`)).toEqual([[11], [], [[10, Number.POSITIVE_INFINITY]]]);
  expect(changesOf("", "all\nnew").gaps).toEqual([[0, Number.POSITIVE_INFINITY]]);
});

const MARKS = landmarksOf(
  {
    lyrics: [
      { line: 2, text: "one", start: 2.1, end: 3.8 },
      { line: 3, text: "two", start: 4.2, end: 5.9 },
      { line: 6, text: "la la", start: 8, end: 9.5 },
      { line: 7, text: "la la", start: 10.3, end: 11.7 },
      { line: 10, text: "three", start: 14, end: 15 },
    ],
    outline: { bpm: 120, beats: 4 },
  },
  18,
);
const region = (after: string) => regionOf(changesOf(OLD, after), MARKS);

test("changed lines are written anew in whole bars, from the first of them to the last", () => {
  expect(region(OLD)).toBeNull();
  expect(region(OLD.replace("two", "too"))).toEqual({ start: 4, end: 6 });
  expect(region(OLD.replace("one", "won").replace("la la\nla la", "la la\nlo"))).toEqual({ start: 2, end: 12 });
});

test("new lines take the room between their neighbours, or the end of the song", () => {
  expect(region(OLD.replace("two", "two\nmore"))).toEqual({ start: 4, end: 8 });
  expect(region(`${OLD}\nfour`)).toEqual({ start: 14, end: 18 });
});

test("without times there is no region", () => {
  expect(regionOf(changesOf(OLD, ""), landmarksOf({}, 18))).toBeNull();
});

test("a changed line is in a region if its middle is, a new one if it is beside one of its lines", () => {
  const beyond = (after: string, start: number, end: number) =>
    reachBeyond(changesOf(OLD, after), MARKS, { start, end });
  const anew = OLD.replace("two", "too");
  expect([beyond(anew, 4, 5.5), beyond(anew, 4, 5), beyond(OLD, 0, 1)]).toEqual([false, true, false]);
  const longer = OLD.replace("two", "two\nmore");
  expect([beyond(longer, 4, 6), beyond(longer, 8, 9), beyond(longer, 13, 16)]).toEqual([false, true, true]);
});
