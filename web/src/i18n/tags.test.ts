import { expect, test } from "vitest";
import { tagLabel } from "./tags";

test.each([
  ["a minor", "A minor", "A 小调"],
  ["E flat major", "E♭ major", "E♭ 大调"],
  ["f sharp minor", "F♯ minor", "F♯ 小调"],
  ["96 bpm", "96 bpm", "96 BPM"],
  ["female vocals", "female vocals", "女声"],
  ["R&B", "R&B", "节奏布鲁斯"],
  ["kazoo", "kazoo", "kazoo"],
  ["constructor", "constructor", "constructor"],
])("the tag %s is shown as %s, in Chinese as %s", (tag, en, zh) => {
  expect(tagLabel(tag, "en")).toBe(en);
  expect(tagLabel(tag, "zh")).toBe(zh);
});
