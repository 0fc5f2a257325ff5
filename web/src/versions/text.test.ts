import { expect, test } from "vitest";
import type { Song } from "../api/client";
import { derivedText, versionText } from "./text";

const t = (key: string, values: { time?: unknown } = {}) => `${key}${values.time ? ` ${values.time}` : ""}`;
const text = (kind: "edit" | "extend" | "vary" | null, start: number | null, end: number | null, title = "") =>
  versionText({ kind, start, end, title }, t);

test("a version says what was done, and where", () => {
  expect(text("edit", 32, 48.2, "Dawn")).toBe("versions.edit, 0:32 – 0:48");
  expect(text("extend", 58, null)).toBe("versions.extend, versions.from 0:58");
  expect(text("vary", null, null)).toBe("versions.vary");
});

test("a first version goes by its title", () => {
  expect(text(null, null, null, "Dawn")).toBe("Dawn");
  expect(text(null, null, null)).toBe("versions.first");
});

test("a song made from words alone is not derived", () => {
  expect(derivedText({ derived: null } as Song, t)).toBe("");
  expect(derivedText({ derived: { kind: "refine", parent: "x", start: null, end: null } } as Song, t)).toBe(
    "versions.refine",
  );
});
