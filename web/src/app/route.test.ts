import { expect, test } from "vitest";
import { listHref, parseRoute, songHref } from "./route";

test.each([
  ["", "create", null, null],
  ["#/", "create", null, null],
  ["#/library", "library", null, null],
  [listHref(null), "library", null, null],
  [listHref("l1"), "library", null, "l1"],
  [songHref("s1"), "song", "s1", null],
  [songHref("s1", "l1"), "song", "s1", "l1"],
  ["#/songs/", "create", null, null],
])("the address %j shows %s", (hash, view, song, list) => {
  expect(parseRoute(hash)).toEqual({ view, song, list });
});
