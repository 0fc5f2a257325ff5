/** Takes the pictures of docs/guide, in each language, on a desktop and a phone.
 *
 * node guide.mjs URL   of a server with an empty library. Chinese takes a Chinese font.
 */

import { mkdirSync, readFileSync } from "node:fs";
import { call, capture, launch, url } from "./pictures.mjs";

const folder = new URL("../docs/guide/pictures/", import.meta.url).pathname;
mkdirSync(folder, { recursive: true });

const SIZES = { desktop: { width: 1180, height: 760 }, phone: { width: 390, height: 800 } };
const LOCALES = { en: "en-GB", zh: "zh-CN" };
const LYRICS = readFileSync(new URL("../docs/guide/lyrics.md", import.meta.url), "utf8")
  .match(/```text words.txt\n(.*?)```/s)[1]
  .trim();
const SONG = { title: "Riverside", tags: ["folk", "slow tempo", "female vocals"], lyrics: LYRICS };

/** The page's own texts, to find things by. */
const textsOf = (language) => {
  const source = readFileSync(new URL(`src/i18n/${language}.ts`, import.meta.url), "utf8");
  const texts = Object.fromEntries(
    [...source.matchAll(/^ {2}"(.+?)": "(.*)",$/gm)].map(([, key, text]) => [key, text]),
  );
  return (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
};

const browser = await launch();

/** Takes a picture after each of `steps`, in each size and language. */
async function shoot(steps) {
  for (const language of Object.keys(LOCALES))
    for (const size of Object.keys(SIZES)) {
      const options = { viewport: SIZES[size], locale: LOCALES[language], hasTouch: size === "phone" };
      const page = await (await browser.newContext({ ...options, colorScheme: "light" })).newPage();
      for (const [name, step] of Object.entries(steps)) {
        await step(page, textsOf(language));
        await capture(page, `${folder}${name}-${size}-${language}.webp`);
      }
      await page.context().close();
    }
}

await shoot({
  welcome: async (page, text) => {
    await page.goto(`${url}/#/library`);
    await page.getByText(text("welcome.example")).waitFor();
  },
});
const { id } = await call("/songs", "POST", { ...SONG, duration: 30, takes: 2, seed: 7 });
while ((await call(`/songs/${id}`)).state !== "done") await new Promise((resolve) => setTimeout(resolve, 1000));

await shoot({
  write: async (page, text) => {
    await page.goto(url);
    await page
      .getByPlaceholder(text("create.promptExample"))
      .fill("A slow folk song, sung by a woman, acoustic guitar");
    await page.getByRole("textbox", { name: text("create.lyrics") }).fill(LYRICS.replace("[chorus]", "[chorsu]"));
    await page.getByText(text("remark.line", { n: 7 })).waitFor(); // what the server says of it
    await page.getByText(text("create.length"), { exact: true }).scrollIntoViewIfNeeded();
  },
});
await shoot({
  song: async (page, text) => {
    await page.goto(`${url}/#/songs/${id}`);
    await page.getByRole("button", { name: text("song.play", { title: text("take.name", { n: 1 }) }) }).click();
    const position = page.getByRole("slider", { name: text("player.position") });
    while (Number(await position.getAttribute("aria-valuenow")) < 10) await position.press("ArrowRight");
  },
  menu: (page, text) => page.getByRole("button", { name: text("rework.menu", { n: 1 }) }).click(),
  edit: async (page, text) => {
    await page
      .getByRole("menuitem", { name: text("rework.edit") })
      .first()
      .click();
    const lyrics = page.getByRole("dialog").getByRole("textbox", { name: text("create.lyrics") });
    await lyrics.fill(LYRICS.replace("Hold my hand and hold it tight", "Wait until the stars are bright"));
  },
});
await browser.close();
