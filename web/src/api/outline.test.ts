import { QueryClient } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";

const asked: Record<string, unknown>[] = [];
vi.stubGlobal("fetch", async (request: Request) => {
  asked.push(await request.json());
  return Response.json({ sections: [], lines: 6, syllables: 42, seconds: 62.5, voice: "", remarks: [] });
});
vi.stubGlobal("location", { origin: "http://studio", hostname: "studio" });
const { lengthOf, outlineOptions } = await import("./outline");

test("the length is the chosen one, or what the lyrics need, within the limits of the model", () => {
  expect(lengthOf(95, 62.5, 180)).toBe(95);
  expect(lengthOf(null, 62.5, 180)).toBe(65);
  expect(lengthOf(null, null, 180)).toBe(60);
  expect(lengthOf(null, 2, 180)).toBe(5);
  expect(lengthOf(300, null, 60)).toBe(60);
});

test("the outline is that of the length that the song will have", async () => {
  const client = new QueryClient();
  const words = { prompt: "", tags: [], lyrics: "la", instrumental: false, model: "" };
  await client.fetchQuery(outlineOptions({ ...words, duration: null }, 60));
  expect(asked.splice(0).map(({ duration }) => duration)).toEqual([null, 60]);
  await client.fetchQuery(outlineOptions({ ...words, duration: 30 }, 60));
  expect(asked.splice(0).map(({ duration }) => duration)).toEqual([30]);
  await client.fetchQuery(outlineOptions({ ...words, duration: 240 }, 60));
  expect(asked.splice(0).map(({ duration }) => duration)).toEqual([60]); // chosen for another model
  await client.fetchQuery(outlineOptions({ ...words, duration: 30 }, 60));
  expect(asked).toEqual([]); // cached
});
