import { expect, expectAccessible, sliderValue, test } from "./studio";

const LYRICS = `[verse]
Walking down the road tonight
Every window holds a light
[chorus]
We will run until the day
We will never fade away
[verse]
Rain is falling on the town
Take my hand and turn around
[chorus]
We will run until the day
We will never fade away
[outro]`;

test("a song is heard before it is done, and its file goes on", async ({ studio, server }) => {
  const askSong = async () => (await (await fetch(`${server.url}/api/v1/songs?limit=1`)).json()).songs[0];
  await studio.getByText("Custom", { exact: true }).click();
  await studio.getByRole("button", { name: "rock", exact: true }).click();
  await studio.getByRole("textbox", { name: "Lyrics" }).fill(LYRICS);
  await expect(studio.getByText(/With vocals, 0:\d\d/)).toBeVisible(); // what the lyrics need
  await studio.getByRole("slider", { name: "Length" }).fill("60");
  await expect(studio.getByText("With vocals, 1:00")).toBeVisible();
  await studio.getByRole("button", { name: "Fewer takes" }).click();
  await studio.getByRole("button", { name: "Create song" }).click();
  await expect.poll(async () => (await askSong())?.takes[0]?.live, { intervals: [50] }).toBe(true);
  server.holdWorker(true);

  await studio.getByRole("button", { name: "Play Take 1" }).click();
  const player = studio.getByRole("region", { name: "Player" });
  const position = player.getByRole("progressbar", { name: "Position" });
  await expect(player).toContainText("being made");
  await expect.poll(() => sliderValue(position)).toBeGreaterThan(0);
  const song = await askSong();
  expect(song.takes[0]).toMatchObject({ state: "running", live: true });
  expect(await loudest(studio, song.takes[0].id)).toBeGreaterThan(0.1);
  await expect(player.getByRole("button", { name: "Loop from here" })).toBeDisabled();
  await expect(studio.locator("[data-start].text-accent").first()).toBeVisible(); // words, as far as they are made
  await studio.keyboard.press("k");
  await expect(player.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  const paused = await sliderValue(position);
  await studio.keyboard.press("ArrowLeft");
  await expect.poll(() => sliderValue(position)).toBeLessThan(paused);
  await expectAccessible(studio);
  await studio.keyboard.press("k");
  const before = await sliderValue(position);

  server.holdWorker(false);
  const file = player.getByRole("slider", { name: "Position" }); // as soon as it is done
  await expect(file).toBeVisible();
  expect((await askSong()).takes[0]).toMatchObject({ state: "done", live: false });
  expect(await sliderValue(file)).toBeGreaterThanOrEqual(before);
  await expect(player.getByRole("button", { name: "Pause" })).toBeVisible(); // it plays on
  const now = await sliderValue(file);
  await expect.poll(() => sliderValue(file)).toBeGreaterThan(now);
  await file.press("Home");
  await expect.poll(() => sliderValue(file)).toBeLessThan(now);
  await expect(player.getByRole("button", { name: "Loop from here" })).toBeEnabled();
  await expectAccessible(studio);
});

test("a take that is done before its stream is asked for plays from its file", async ({ studio, server }) => {
  const askTake = async () => (await (await fetch(`${server.url}/api/v1/songs?limit=1`)).json()).songs[0]?.takes[0];
  await studio.route("**/live", (route) => route.fulfill({ status: 410 }));
  await studio.getByText("Custom", { exact: true }).click();
  await studio.getByRole("button", { name: "folk", exact: true }).click();
  await studio.getByText("Instrumental", { exact: true }).click();
  await studio.getByRole("button", { name: "Fewer takes" }).click();
  await studio.getByRole("button", { name: "Create song" }).click();
  await expect(studio.getByRole("heading", { name: "folk, instrumental" })).toBeVisible();
  await expect.poll(async () => (await askTake())?.live, { intervals: [50] }).toBe(true);
  server.holdWorker(true);
  await studio.getByRole("button", { name: "Play Take 1" }).click();
  const player = studio.getByRole("region", { name: "Player" });
  await expect(player).toContainText("cannot be played");
  server.holdWorker(false);
  const position = player.getByRole("slider", { name: "Position" });
  await expect.poll(() => sliderValue(position)).toBeGreaterThan(0);
  await expect(player.getByRole("button", { name: "Pause" })).toBeVisible();
});

/** The highest sample in the first seconds of a take that is being made, full scale 1. */
function loudest(page: import("@playwright/test").Page, take: string): Promise<number> {
  return page.evaluate(async (take) => {
    const reader = (await fetch(`/api/v1/takes/${take}/live`)).body!.getReader();
    let highest = 0;
    for (let at = 0; at < 500_000; ) {
      const { value, done } = await reader.read();
      if (done) break;
      for (let i = at ? (44 - at + 6e6) % 3 : 44; i + 2 < value.length; i += 3)
        highest = Math.max(
          highest,
          Math.abs(((value[i]! << 8) | (value[i + 1]! << 16) | (value[i + 2]! << 24)) / 2 ** 31),
        );
      at += value.length;
    }
    await reader.cancel();
    return highest;
  }, take);
}
