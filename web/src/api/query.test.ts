import { QueryObserver } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";

vi.stubGlobal("location", { origin: "http://studio", hostname: "studio" });
const { makeClient, renew } = await import("./query");

test("after a change even a first answer that is on its way is not waited for", async () => {
  const client = makeClient();
  const answers: ((names: string[]) => void)[] = [];
  const queryFn = () => new Promise<string[]>((resolve) => answers.push(resolve));
  const stop = new QueryObserver(client, { queryKey: ["presets"], queryFn }).subscribe(() => undefined);
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  const renewed = renew(client, ["presets"]);
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  answers[0]?.([]);
  answers[1]?.(["Rain"]);
  await renewed;
  expect(client.getQueryData(["presets"])).toEqual(["Rain"]);
  stop();
});
