import { expect, test, vi } from "vitest";

vi.stubGlobal("location", { origin: "http://localhost" });
vi.stubGlobal("navigator", { languages: [] });
vi.stubGlobal("window", { localStorage: { getItem: () => null, setItem: () => undefined } });
const { dragData } = await import("./dragTake");

test("the name of the file cannot end early or leave its folder", () => {
  const { file, url } = dragData('a:b/../"c"\n', { id: "t1", number: 2 }, true, "http://localhost:8889/#/songs/s1");
  expect(url).toBe("http://localhost:8889/api/v1/takes/t1/audio.wav?download=true");
  expect(file).toBe(`audio/wav:a-b-..-c--2.wav:${url}`);
});

test("without tags the address says so", () => {
  expect(dragData("x", { id: "t1", number: 1 }, false, "http://localhost/").url).toMatch(/&tags=false$/);
});
