import { expect, test } from "vitest";
import { rivalOf, treeOf } from "./tree";

const node = (id: string, parent: string | null, day: number) => ({ id, parent, created: `2026-01-0${day}T00:00:00Z` });
const VERSIONS = [
  node("edited-again", "edited", 5),
  node("first", null, 1),
  node("extended", "first", 4),
  node("edited", "first", 2),
];
const rows = (versions: typeof VERSIONS) => treeOf(versions).map(({ version, depth }) => [version.id, depth]);

test("each version stands below the one that it comes from, older ones first", () => {
  expect(rows(VERSIONS)).toEqual([
    ["first", 0],
    ["edited", 1],
    ["edited-again", 2],
    ["extended", 1],
  ]);
});

test("a version whose parent is not there stands by itself", () => {
  expect(rows(VERSIONS.filter(({ id }) => id !== "edited"))).toEqual([
    ["first", 0],
    ["extended", 1],
    ["edited-again", 0],
  ]);
});

test("versions of one moment keep their order by id", () => {
  expect(rows([node("b", "a", 1), node("c", "a", 1), node("a", null, 1)].reverse())).toEqual([
    ["a", 0],
    ["b", 1],
    ["c", 1],
  ]);
});

test("a version is compared with the one it comes from, the first one with what came of it", () => {
  expect(rivalOf("edited", VERSIONS)?.id).toBe("first");
  expect(rivalOf("first", VERSIONS)?.id).toBe("extended");
  expect(rivalOf("alone", [node("alone", null, 1)])).toBeNull();
});
