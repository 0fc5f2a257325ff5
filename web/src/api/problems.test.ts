import { expect, test, vi } from "vitest";

let serve: () => Promise<Response>;
vi.stubGlobal("fetch", () => serve());
vi.stubGlobal("location", { origin: "http://studio", hostname: "studio" });
const { api, playableFormat, Refusal } = await import("./client");
const { tell, tellFailure } = await import("./problems");

const t = (key: string, values: { time?: unknown } = {}) => [key, values.time].filter(Boolean).join(" ");
const refused = async (answer: Response | Error) => {
  serve = async () => {
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return api.GET("/api/v1/models").then(
    () => null,
    (error: unknown) => error,
  );
};

test("a problem of the server is told in plain words", async () => {
  const busy = { type: "/api/docs#busy", detail: "the queue is full", retry_after: 40 };
  expect(tell(await refused(Response.json(busy, { status: 429 })), t)).toEqual({
    title: "problem.busy",
    detail: "problem.retryAfter time.seconds",
  });
  const invalid = { type: "/api/docs#invalid", detail: "duration is 900 s" };
  expect(tell(await refused(Response.json(invalid, { status: 422 })), t)).toEqual({
    title: "problem.invalid",
    detail: "duration is 900 s",
  });
  expect(tell(await refused(new Response("<html>", { status: 502 })), t).title).toBe("problem.internal");
  expect(tell(await refused(new TypeError("failed to fetch")), t).title).toBe("problem.offline");
  expect(tell(new Error("a bug"), t)).toEqual({ title: "problem.internal", detail: "" });
  expect(await refused(Response.json({ models: [] }))).toBeNull();
});

test("a failed take says why", () => {
  expect(tellFailure("the device ran out of memory", t).title).toBe("failed.memory");
  expect(tellFailure("no space left", t).title).toBe("failed.disk");
  expect(tellFailure(null, t)).toEqual({ title: "failed.other", detail: "" });
});

test("this machine plays what is stored, a network what is small", () => {
  vi.stubGlobal("document", { createElement: () => ({ canPlayType: () => "" }) });
  expect(playableFormat("localhost")).toBe("flac");
  expect(playableFormat("127.0.0.1")).toBe("flac");
  expect(playableFormat("studio.example")).toBe("mp3");
  vi.stubGlobal("document", { createElement: () => ({ canPlayType: () => "probably" }) });
  expect(playableFormat("studio.example")).toBe("opus");
  expect(new Refusal("busy", "x").retryAfter).toBeNull();
});
