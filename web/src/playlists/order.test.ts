import { expect, test } from "vitest";
import { beforeOf, slotAt, slotOfKey } from "./order";

const ORDER = ["a", "b", "c"];

test("a pointer above the middle of a row points before it, below it behind it", () => {
  expect([5, 15, 25, 95].map((y) => slotAt([10, 20, 30], y))).toEqual([0, 1, 2, 3]);
});

test("a row moves before the row behind its slot, or to the end", () => {
  expect(beforeOf(ORDER, "a", 2)).toBe("c");
  expect(beforeOf(ORDER, "a", 3)).toBeNull();
  expect(beforeOf(ORDER, "c", 0)).toBe("a");
  for (const slot of [1, 2]) expect(beforeOf(ORDER, "b", slot)).toBeUndefined(); // on either side of itself
});

test("arrow keys move by one row, Home and End all the way, and nothing beyond the ends", () => {
  const to = (key: string, id: string) => {
    const slot = slotOfKey(key, ORDER.indexOf(id), ORDER.length);
    return slot === undefined ? "ignored" : beforeOf(ORDER, id, slot);
  };
  expect(to("ArrowDown", "a")).toBe("c");
  expect(to("ArrowDown", "b")).toBeNull();
  expect(to("ArrowDown", "c")).toBeUndefined();
  expect(to("ArrowUp", "c")).toBe("b");
  expect(to("ArrowUp", "a")).toBeUndefined();
  expect([to("Home", "c"), to("End", "a"), to("Enter", "a")]).toEqual(["a", null, "ignored"]);
});
