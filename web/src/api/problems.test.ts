import { expect, test, vi } from "vitest";

let serve: () => Promise<Response>;
vi.stubGlobal("fetch", () => serve());
vi.stubGlobal("location", { origin: "http://studio", hostname: "studio" });
const { api, playableFormat, Refusal } = await import("./client");
const { failureText, noteText, problemText } = await import("./problems");

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

test("a problem has a plain title, with the server's sentence where it adds to that", async () => {
  const busy = { type: "/api/docs#busy", detail: "the queue is full", retry_after: 40 };
  expect(problemText(await refused(Response.json(busy, { status: 429 })), t)).toEqual({
    title: "problem.busy",
    detail: "problem.retryAfter time.seconds",
  });
  const invalid = { type: "/api/docs#invalid", detail: "duration is 900 s" };
  expect(problemText(await refused(Response.json(invalid, { status: 422 })), t)).toEqual({
    title: "problem.invalid",
    detail: "duration is 900 s",
  });
  expect(problemText(await refused(new Response("<html>", { status: 502 })), t).title).toBe("problem.internal");
  expect(problemText(await refused(new TypeError("failed to fetch")), t).title).toBe("problem.offline");
  expect(problemText(new Error("a bug"), t)).toEqual({ title: "problem.internal", detail: "" });
  expect(await refused(Response.json({ models: [] }))).toBeNull();
});

test("the cause of a problem goes by its kind, whatever the server's sentence", async () => {
  const full = { type: "/api/docs#unavailable", kind: "storage-full", detail: "[Errno 28] No space left on device" };
  const error = await refused(Response.json(full, { status: 503 }));
  expect(problemText(error, t)).toEqual({ title: "cause.storageFull", detail: "" });
  expect(error).toMatchObject({ kind: "unavailable" }); // so it is retried
  const unknown = { ...full, kind: "moon-phase", detail: "the moon is full" };
  expect(problemText(await refused(Response.json(unknown, { status: 503 })), t)).toEqual({
    title: "problem.unavailable",
    detail: "the moon is full",
  });
});

test("a failed take says why, a waiting one what it waits for", () => {
  const error = "CUDA out of memory";
  expect(failureText({ error, error_kind: "out-of-memory" }, t)).toEqual({ title: "cause.outOfMemory", detail: "" });
  for (const error_kind of [null, "moon-phase"])
    expect(failureText({ error, error_kind }, t)).toEqual({ title: "failed.other", detail: error });
  expect(failureText({ error: null, error_kind: null }, t)).toEqual({ title: "failed.other", detail: "" });
  expect(noteText({ note: "No space left on device", note_kind: "storage-full" }, t)).toBe("cause.storageFull");
  expect(noteText({ note: "for the moon", note_kind: null }, t)).toBe("for the moon");
  expect(noteText({ note: null, note_kind: null }, t)).toBeNull();
});

test("audio is lossless from this machine, compressed over a network", () => {
  vi.stubGlobal("document", { createElement: () => ({ canPlayType: () => "" }) });
  expect(playableFormat("localhost")).toBe("flac");
  expect(playableFormat("127.0.0.1")).toBe("flac");
  expect(playableFormat("studio.example")).toBe("mp3");
  vi.stubGlobal("document", { createElement: () => ({ canPlayType: () => "probably" }) });
  expect(playableFormat("studio.example")).toBe("opus");
  expect(new Refusal("busy", "x").retryAfter).toBeNull();
});
