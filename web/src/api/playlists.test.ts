import { expect, test, vi } from "vitest";

vi.stubGlobal("location", { origin: "http://localhost" });
const { changedOrder } = await import("./playlists");

test("takes are put before another, moved, added and removed as the server does it", () => {
  const takes = ["a", "b", "c"];
  const put = (put: string[], before: string | null) => changedOrder(takes, { id: "l", put, before });
  expect(put(["d"], null)).toEqual(["a", "b", "c", "d"]);
  expect(put(["c"], "a")).toEqual(["c", "a", "b"]);
  expect(put(["a"], "c")).toEqual(["b", "a", "c"]);
  expect(put(["a"], null)).toEqual(["b", "c", "a"]);
  expect(changedOrder(takes, { id: "l", remove: "b" })).toEqual(["a", "c"]);
  expect(changedOrder(takes, { id: "l", name: "x" })).toEqual(takes);
});
