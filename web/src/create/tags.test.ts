import { expect, test } from "vitest";
import { addTags, bpmOf, KEYS, tagOf, withInstrumental, withTag } from "./tags";

const TAGS = ["folk", "90 bpm", "female vocals", "a minor"];

test("tempo, key and voice are read from the tags", () => {
  expect(bpmOf(TAGS)).toBe(90);
  expect(tagOf(TAGS, "key")).toBe("a minor");
  expect(tagOf(TAGS, "voice")).toBe("female vocals");
  expect(bpmOf(["folk"])).toBeNull();
  expect(KEYS).toHaveLength(24);
});

test("a control changes its tag in place, adds or removes it", () => {
  expect(withTag(TAGS, "bpm", "120 bpm")).toEqual(["folk", "120 bpm", "female vocals", "a minor"]);
  expect(withTag(["folk"], "key", "c major")).toEqual(["folk", "c major"]);
  expect(withTag(TAGS, "voice", "")).toEqual(["folk", "90 bpm", "a minor"]);
  expect(withTag(["90 bpm", "100 bpm"], "bpm", "110 bpm")).toEqual(["110 bpm"]);
});

test("an instrumental has no voice tag", () => {
  expect(withInstrumental(TAGS, true)).toEqual(["folk", "90 bpm", "a minor", "instrumental"]);
  expect(withInstrumental(["folk", "instrumental"], false)).toEqual(["folk"]);
});

test("typed tags are split, trimmed and kept once", () => {
  expect(addTags(["Folk"], " folk , slow   tempo，钢琴\n, ")).toEqual(["Folk", "slow tempo", "钢琴"]);
});
