/** Takes pictures of every view for docs/screenshots, in both themes, on a desktop and a phone.
 *
 * node screens.mjs URL   of a server with an empty library; it is filled with a few songs
 */

import { mkdirSync } from "node:fs";
import { call, capture, launch, url } from "./pictures.mjs";

const folder = new URL("../docs/screenshots/", import.meta.url).pathname;
mkdirSync(folder, { recursive: true });

const LYRICS = `[verse]
Paper boats along the stream
Carry half of what we dream

[chorus]
Let it go and let it flow
Past the houses in a row
Let it go and let it flow
Where the river wants to go

[outro]`;
const SONGS = [
  ["Low tide", ["lo-fi", "calm", "slow", "instrumental"]],
  ["Northern line", ["electronic", "fast tempo", "male vocals"]],
  ["A room with the window open", ["ballad", "piano", "female vocals"]],
  ["Kites", ["pop", "uplifting", "female vocals"]],
  ["Half past amber", ["jazz", "swing", "instrumental"]],
  ["Salt", ["rock", "energetic", "male vocals"]],
  ["Paper boats", ["folk", "female vocals", "92 bpm", "acoustic guitar"]],
];

const ask = ([title, tags], more = {}) => {
  const instrumental = tags.includes("instrumental");
  return call("/songs", "POST", {
    title,
    tags,
    instrumental,
    lyrics: instrumental ? "" : LYRICS,
    duration: 30,
    takes: 2,
    ...more,
  });
};
const settled = async () => {
  while ((await call("/songs")).songs.some(({ state }) => state === "queued" || state === "running"))
    await new Promise((resolve) => setTimeout(resolve, 1000));
};

const browser = await launch();
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

/** Takes a picture after each of `steps`, in each size and theme. */
async function shoot(steps) {
  for (const size of ["desktop", "phone"])
    for (const colorScheme of ["light", "dark"]) {
      const options = { viewport: SIZES[size], colorScheme, locale: "en-GB", hasTouch: size === "phone" };
      const page = await (await browser.newContext(options)).newPage();
      for (const [name, step] of Object.entries(steps)) {
        await step(page, size);
        await capture(page, `${folder}${name}-${size}-${colorScheme}.webp`);
      }
      await page.context().close();
    }
}

await shoot({ welcome: (page) => page.goto(`${url}/#/library`) });
const made = [];
for (const song of SONGS) made.push(await ask(song));
await settled();
for (const at of [2, 3]) await call(`/songs/${made[at].id}`, "PATCH", { liked: true });
const [first] = made.at(-1).takes;
await call(`/takes/${first.id}/extend`, "POST", { duration: 45, takes: 1 }); // a version, for the tree
const evening = [0, 2, 4, 6].map((at) => made[at].takes[0].id);
const { id: playlist } = await call("/playlists", "POST", { name: "Evening", takes: evening });
await settled();

await shoot({
  create: async (page) => {
    await page.goto(url);
    await page.getByText("Custom", { exact: true }).click();
    for (const tag of ["folk", "ballad"]) await page.getByRole("button", { name: tag, exact: true }).click();
    await page.getByLabel("Tempo (BPM)").fill("92");
    await page.getByLabel("Voice", { exact: true }).selectOption("Female");
  },
  lyrics: async (page) => {
    await page.getByRole("textbox", { name: "Lyrics" }).fill(LYRICS.replace("[outro]", "[outroo]"));
    await page.getByText("More settings").scrollIntoViewIfNeeded();
  },
  song: async (page) => {
    await page.goto(`${url}/#/songs/${made.at(-1).id}`);
    await page.getByRole("button", { name: "Play Take 1" }).click();
    await page.getByRole("button", { name: "Play Take 2" }).click();
    const outline = await page.getByRole("slider", { name: "Position" }).boundingBox();
    await page.mouse.click(outline.x + outline.width * 0.4, outline.y + outline.height / 2);
  },
});
const waiting = [
  await ask(["First light", ["folk", "piano", "calm"]], { takes: 4 }),
  await ask(["Undertow", ["electronic", "dark", "instrumental"]], { takes: 2 }),
  await ask(["Glass harbour", ["cinematic", "strings", "instrumental"]], { takes: 2 }),
];
await shoot({
  making: async (page) => {
    await page.goto(`${url}/#/songs/${waiting[0].id}`);
    await page.getByRole("progressbar").first().waitFor();
  },
  library: (page) => page.goto(`${url}/#/library`),
  playlist: (page) => page.goto(`${url}/#/lists/${playlist}`),
});
for (const { id } of waiting) await call(`/songs/${id}/cancel`, "POST");
await browser.close();
