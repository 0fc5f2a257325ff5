import { expect, test } from "vitest";
import { bytes, clock, day, parseClock, roughly } from "./format";

const t = (key: string, values: { n?: unknown } = {}) => `${values.n} ${key.split(".")[1]}`;

test.each([
  [0, "0:00"],
  [59.9, "0:59"],
  [60, "1:00"],
  [605, "10:05"],
  [-1, "0:00"],
])("%d s is %s", (seconds, text) => expect(clock(seconds)).toBe(text));

test.each([
  ["1:30", 90],
  ["90", 90],
  [" 45 s", 45],
  ["10:00", 600],
  ["1:75", null],
  ["soon", null],
  ["", null],
  ["-5", null],
])("%j is typed for %j", (text, seconds) => expect(parseClock(text)).toBe(seconds));

test.each([
  [0.2, "1 seconds"],
  [7.4, "7 seconds"],
  [31, "35 seconds"],
  [56, "1 minutes"],
  [3600, "60 minutes"],
  [7300, "2 hours"],
])("%d s are roughly %s", (seconds, text) => expect(roughly(seconds, t)).toBe(text));

test("days are relative, sizes have units", () => {
  const now = new Date("2026-03-05T12:00:00");
  expect(day("2026-03-05T09:30:00", "en-GB", now)).toBe("Today 09:30");
  expect(day("2026-03-04T23:30:00", "en-GB", now)).toBe("Yesterday");
  expect(day("2026-03-03T09:30:00", "en-GB", now)).toBe("3 Mar 2026");
  expect(day("2026-03-05T09:30:00", "zh-CN", now)).toBe("今天 09:30");
  expect(bytes(48_400_000, "en")).toBe("48 MB");
  expect(bytes(1_500_000_000, "en")).toBe("1.5 GB");
});
