import { readFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import { expect, expectAccessible, fillAndEnter, ONCE, sliderValue, tabTo, test, visit } from "./studio";

test.describe.configure({ mode: "serial" });
test.use({ site: "first song" });

test("a first song is made, compared and saved by clicks alone", async ({ studio }) => {
  await visit(studio, "Library");
  await expect(studio.getByRole("heading", { name: /whole song/i })).toBeVisible();
  await expect(studio.getByText(/^mini · \d+ MB$/)).toBeVisible();
  await expectAccessible(studio);
  await studio.getByRole("button", { name: "Make an example song" }).click();
  const bar = studio.getByRole("progressbar").first();
  const song = studio.getByRole("region", { name: "Song", exact: true });
  await expect(song.getByText(/^Composing/).first()).toBeVisible();
  await expectAccessible(studio);
  await studio.reload(); // the server goes on meanwhile
  await expect.poll(() => sliderValue(bar)).toBeGreaterThan(0);
  await expect(song.getByText(/about .+ left/).first()).toBeVisible();

  await expect(studio.getByRole("button", { name: "Download take 2" })).toBeVisible(); // takes are compared when they are done
  const [one, two] = ["Play Take 1", "Play Take 2"].map((name) => studio.getByRole("button", { name }));
  await one!.click();
  const position = studio.getByRole("slider", { name: "Position" });
  await expect.poll(() => sliderValue(position)).toBeGreaterThan(0);
  await position.press("PageUp");
  const before = await sliderValue(position);
  expect(before).toBeGreaterThanOrEqual(15);
  await two!.click();
  await expect(studio.getByRole("region", { name: "Player" })).toContainText("Take 2");
  expect(await sliderValue(position)).toBeGreaterThanOrEqual(before); // the position stays
  expect(await studio.evaluate(() => navigator.mediaSession.metadata?.title)).toBe("Sing with me");
  await expect.poll(() => studio.evaluate(() => navigator.mediaSession.playbackState)).toBe("playing");
  await expectAccessible(studio);

  for (const [format, magic] of [
    ["FLAC", "fLaC"],
    ["MP3", null],
    ["WAV", "RIFF"],
    ["OPUS", "OggS"],
  ] as const) {
    await studio.getByRole("button", { name: "Download take 1" }).click();
    const download = studio.waitForEvent("download");
    await studio.getByRole("menuitem", { name: format }).click();
    const file = await download;
    expect(file.suggestedFilename()).toMatch(new RegExp(`^Sing with me.*\\.${format.toLowerCase()}$`));
    const bytes = readFileSync(await file.path());
    expect(bytes.length).toBeGreaterThan(50_000);
    if (magic) expect(bytes.subarray(0, 4).toString()).toBe(magic);
    expect(bytes.includes("Sing with me") && bytes.includes("trainedAlgorithmicMedia")).toBe(true);
  }

  await studio.getByRole("button", { name: "Download take 1" }).click();
  await studio.getByRole("menuitemcheckbox", { name: /Tags in the file/ }).click();
  const download = studio.waitForEvent("download");
  await studio.getByRole("menuitem", { name: "MP3" }).click();
  const bare = readFileSync(await (await download).path());
  expect(bare.subarray(0, 3).toString()).not.toBe("ID3");

  await studio.getByText("Details", { exact: true }).click();
  await expect(studio.getByText(/khala generate .*--seed 7/s)).toBeVisible();
  await expect(studio.getByText("Songs may be published and sold.").first()).toBeAttached();
  await expectAccessible(studio);
});

test("a song of one's own is made by clicks alone", async ({ studio }) => {
  await studio.getByText("Custom", { exact: true }).click();
  for (const tag of ["folk", "ballad"]) await studio.getByRole("button", { name: tag, exact: true }).click();
  await studio.getByText("Instrumental", { exact: true }).click();
  await studio.getByRole("slider", { name: "Length" }).click({ position: { x: 12, y: 12 } });
  await studio.getByRole("button", { name: "Fewer takes" }).click();
  await studio.getByRole("button", { name: "Create song" }).click();
  await expect(studio.getByRole("heading", { name: "folk, ballad, instrumental" })).toBeVisible();
  await expect(studio.getByRole("progressbar")).toBeVisible();
  await studio.getByRole("button", { name: "Play Take 1" }).click();
  await expect.poll(() => sliderValue(studio.getByRole("slider", { name: "Position" }))).toBeGreaterThan(0);
});

test("the keyboard plays, seeks and repeats a region", async ({ studio }) => {
  await visit(studio, "Library");
  await studio.getByRole("button", { name: "Play Sing with me" }).click();
  const position = studio.getByRole("slider", { name: "Position" });
  await expect.poll(async () => Number(await position.getAttribute("aria-valuemax"))).toBeGreaterThan(15);
  await position.focus();
  await studio.keyboard.press("PageUp");
  await expect.poll(() => sliderValue(position)).toBeGreaterThanOrEqual(15);
  await studio.keyboard.press("Home");
  await expect.poll(() => sliderValue(position)).toBeLessThan(5);
  await position.blur();
  await studio.keyboard.press("l");
  await expect(studio.getByRole("button", { name: "Stop looping" })).toBeVisible();
  await expect.poll(() => sliderValue(position), { intervals: [100] }).toBeGreaterThan(6);
  await expect.poll(() => sliderValue(position), { intervals: [100] }).toBeLessThan(5);
  await studio.keyboard.press("l");
  await studio.keyboard.press("k");
  await expect(studio.getByRole("button", { name: "Play", exact: true })).toBeVisible();

  const box = (await position.boundingBox())!;
  await studio.mouse.move(box.x + box.width * 0.3, box.y + 20);
  await studio.mouse.down();
  await studio.mouse.move(box.x + box.width * 0.6, box.y + 20, { steps: 8 });
  await studio.mouse.up();
  await expect(studio.getByRole("button", { name: "Stop looping" })).toBeVisible();

  await studio.getByRole("button", { name: "Show the lyrics" }).click();
  const lyrics = studio.getByRole("complementary", { name: "Lyrics" });
  await expect(lyrics).toContainText("Sing with me");
  await position.press("Home");
  await position.press("PageUp");
  await expect(lyrics.locator("[aria-current=true]")).toHaveCount(1); // the line that is sung there
  await lyrics.getByRole("button", { name: "You and I, we find the beat" }).click();
  const line = lyrics.locator("[aria-current=true]");
  await expect(line).toHaveText("You and I, we find the beat");
  await studio.keyboard.press("k");
  await studio.evaluate(() => {
    HTMLMediaElement.prototype.play = async () => {}; // stands still at the word
  });
  const sung = line.locator("[data-start].text-accent");
  await line.getByText("we", { exact: true }).click();
  await expect(sung).toHaveText(["You", "and", "I,", "we"]);
  await studio.keyboard.press("Shift+ArrowRight");
  await expect(sung).toHaveText(["You", "and", "I,", "we", "find"]);
  await studio.keyboard.press("Shift+ArrowLeft");
  await expect(sung).toHaveText(["You", "and", "I,", "we"]);
  await expectAccessible(studio);
  for (const [format, start] of [
    ["LRC", "[ti:"],
    ["ELRC", "[ti:"],
    ["VTT", "WEBVTT"],
    ["SRT", "1\n00:0"],
    ["JSON", "[\n"],
  ] as const) {
    await lyrics.getByRole("button", { name: "Download timed lyrics" }).focus();
    await studio.keyboard.press("Enter");
    const item = studio.getByRole("menuitem", { name: new RegExp(`^${format} ?`) });
    const download = studio.waitForEvent("download");
    await item.press("Enter");
    const text = readFileSync(await (await download).path(), "utf8");
    expect(text.slice(0, start.length)).toBe(start);
    expect(text).toContain("beat");
  }
  await lyrics.press("Escape");
  await expect(lyrics).toBeHidden();
});

test("a song is created and cancelled without a mouse", ONCE, async ({ studio }) => {
  await tabTo(studio, studio.getByRole("textbox", { name: "Describe your song" }));
  await studio.keyboard.type("slow waltz");
  await tabTo(studio, studio.getByRole("button", { name: "Create song" }));
  await studio.keyboard.press("Enter");
  await expect(studio.getByRole("heading", { name: "slow waltz" })).toBeVisible();
  await expect(studio).toHaveTitle("slow waltz · Khala");
  await tabTo(studio, studio.getByRole("button", { name: "Cancel" }).last());
  await studio.keyboard.press("Enter");
  await expect(studio.getByText("Take 1 · Cancelled")).toBeVisible();
});

test("a draft survives a reload, and the song follows it", async ({ studio }) => {
  await studio.getByText("Custom", { exact: true }).click();
  await studio.getByRole("textbox", { name: "Search tags" }).fill("fol");
  await studio.getByRole("button", { name: "folk", exact: true }).click();
  await studio.getByLabel("Tempo (BPM)").fill("96");
  await studio.getByLabel("Voice").selectOption("Female");
  const lyrics = studio.getByRole("textbox", { name: "Lyrics" });
  await studio.getByRole("button", { name: "Verse", exact: true }).click();
  await studio.keyboard.type("Morning light is in the street");
  await studio.getByRole("button", { name: "Outro", exact: true }).click();
  await expect(lyrics).toHaveValue("[verse]\nMorning light is in the street\n\n[outro]\n");
  await lyrics.press("Alt+ArrowUp");
  await expect(lyrics).toHaveValue("[outro]\n\n[verse]\nMorning light is in the street");
  await lyrics.press("Control+z");
  await expect(lyrics).toHaveValue("[verse]\nMorning light is in the street\n\n[outro]\n");
  await expectAccessible(studio);

  await studio.reload();
  await expect(studio.getByRole("textbox", { name: "Lyrics" })).toHaveValue(/Morning light/);
  await studio.getByRole("button", { name: "Fewer takes" }).click();
  await studio.getByRole("button", { name: "Create song" }).click();
  await expect(studio.getByRole("heading", { name: "Morning light is in the street" })).toBeVisible();
  const song = studio.getByRole("region", { name: "Song", exact: true });
  await expect(song.getByText("folk · 96 bpm · female vocals")).toBeVisible();
  await expect(studio.getByRole("button", { name: "Play Take 1" })).toBeVisible();
});

test("several songs at once are cancelled, retried, and survive a restart", async ({ studio, server }) => {
  const prompt = studio.getByRole("textbox", { name: "Describe your song" });
  for (const [words, length] of [
    ["calm piano", "0:30"],
    ["fast rock", "0:10"],
  ] as const) {
    await visit(studio, "Create");
    await prompt.fill(words);
    await studio.getByRole("textbox", { name: "Length in minutes and seconds" }).fill(length);
    await studio.getByRole("button", { name: "Create song" }).click();
    await expect(studio.getByRole("heading", { name: words })).toBeVisible();
  }
  await visit(studio, "Library");
  const rock = studio.getByRole("listitem").filter({ hasText: "fast rock" }).first();
  await rock.getByRole("button", { name: "Cancel" }).click();
  await expect(rock.getByRole("button", { name: "Cancel" })).toBeHidden();
  await expectAccessible(studio);

  await expect(
    studio
      .getByRole("listitem")
      .filter({ hasText: "calm piano" })
      .getByText(/Composing/),
  ).toBeVisible();
  await server.stop();
  await expect(studio.getByText("Connection lost")).toBeVisible();
  await server.run();
  await studio.reload();
  const calm = studio.getByRole("button", { name: "Play calm piano" });
  await expect(calm).toBeEnabled();

  await rock.getByRole("link", { name: "fast rock" }).click();
  await studio.getByRole("button", { name: "Try again" }).click();
  await expect(studio.getByRole("button", { name: "Play Take 2" })).toBeVisible({ timeout: 120_000 });
});

test("songs are found, liked, renamed, reused and deleted, which can be undone", async ({ studio, server }) => {
  await visit(studio, "Library");
  await studio.getByRole("searchbox").fill("morning");
  await expect(studio.getByRole("link", { name: "Sing with me" })).toBeVisible(); // it is in its lyrics, too
  await studio.getByRole("searchbox").fill("nothing like it");
  await expect(studio.getByText("No songs found.")).toBeVisible();
  await studio.getByRole("searchbox").fill("");
  await studio.getByRole("button", { name: "Like Sing with me" }).click();
  await expect(studio.getByRole("button", { name: "Unlike Sing with me" })).toBeVisible();

  await studio.getByRole("link", { name: "Sing with me" }).click();
  await studio.getByRole("button", { name: "Play Take 1" }).click();
  await studio.getByRole("button", { name: "Rename" }).click();
  await fillAndEnter(studio.getByRole("textbox", { name: "Rename" }), "Sing anew");
  await expectNamed(studio, "Sing anew");
  const { songs } = await (await fetch(`${server.url}/api/v1/songs?q=sing`)).json();
  await fetch(`${server.url}/api/v1/songs/${songs[0].id}`, {
    method: "PATCH",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ title: "Sing again" }),
  });
  await expectNamed(studio, "Sing again"); // whoever renames it
  await studio.getByRole("button", { name: "More actions for Sing again" }).filter({ visible: true }).click();
  await studio.getByRole("menuitem", { name: "Reuse settings and seed" }).click();
  await studio.getByText("More settings").click();
  await expect(studio.getByRole("spinbutton", { name: "Seed" })).toHaveValue("7");

  await visit(studio, "Library");
  const link = studio.getByRole("link", { name: "Sing again" });
  const remove = async () => {
    await studio.getByRole("button", { name: "More actions for Sing again" }).click();
    await studio.getByRole("menuitem", { name: "Delete" }).click();
    await expect(link).toBeHidden();
  };
  await remove();
  await studio.getByRole("button", { name: "Undo" }).click();
  await expect(link).toBeVisible();

  await link.click();
  const heading = studio.getByRole("heading", { name: "Sing again", exact: true }); // not that of the message
  await expect(heading).toBeVisible(); // until then the menu is that of the library's row, which is about to close
  await studio.getByRole("button", { name: "More actions for Sing again" }).filter({ visible: true }).click();
  await studio.getByRole("menuitem", { name: "Delete" }).click();
  await expect(heading).toBeHidden();
  await studio.reload();
  await expect(link).toBeHidden();
  await studio.getByRole("button", { name: "Undo" }).click(); // still offered
  await expect(heading).toBeVisible();

  await visit(studio, "Library");
  await remove();
  await expect
    .poll(async () => (await (await fetch(`${server.url}/api/v1/songs?q=sing`)).json()).songs.length, {
      timeout: 30_000,
    })
    .toBe(0);
});

/** Expects the title everywhere: heading, player and system. */
async function expectNamed(page: Page, title: string): Promise<void> {
  await expect(page.getByRole("heading", { name: title })).toBeVisible();
  await expect(page.getByRole("region", { name: "Player" })).toContainText(title);
  await expect.poll(() => page.evaluate(() => navigator.mediaSession.metadata?.title)).toBe(title);
}

test("requests are sent without a network, too: the server may be this machine", ONCE, async ({ studio }) => {
  await studio.evaluate(() => dispatchEvent(new Event("offline")));
  await studio.getByRole("textbox", { name: "Describe your song" }).fill("a song from the mountains");
  await studio.getByRole("button", { name: "Create song" }).click();
  await expect(studio.getByRole("heading", { name: "a song from the mountains" })).toBeVisible();
  await studio.getByRole("button", { name: "Cancel" }).last().click();
  await expect(studio.getByText("Take 1 · Cancelled")).toBeVisible();
});

test("long words wrap and push nothing out of sight", async ({ studio }) => {
  const [title, tag] = ["W".repeat(200), "t".repeat(100)];
  await studio.getByText("Custom", { exact: true }).click();
  await fillAndEnter(studio.getByRole("textbox", { name: "Search tags" }), tag);
  await expectInSight(studio, studio.getByRole("button", { name: `Remove ${tag}` }));
  await studio.getByText("More settings").click();
  await studio.getByRole("textbox", { name: "Title" }).fill(title);
  await studio.getByRole("textbox", { name: "Lyrics" }).fill(`[verse]\n${title}`);
  await expectInSight(studio, studio.getByRole("textbox", { name: "Lyrics" }));
  await studio.getByRole("button", { name: "Create song" }).click();
  await expectInSight(studio, studio.getByRole("button", { name: "Rename" }));
  await expectInSight(studio, studio.getByRole("button", { name: "Cancel" }).last());
  await studio.getByRole("button", { name: "Cancel" }).last().click();
});

/** Expects the whole width of `control` within every pane around it, since panes clip what does not fit. */
async function expectInSight(page: Page, control: Locator): Promise<void> {
  await control.scrollIntoViewIfNeeded();
  const clipped = await control.evaluate((element) => {
    const { left, right } = element.getBoundingClientRect();
    for (let pane = element.parentElement; pane; pane = pane.parentElement) {
      const box = pane.getBoundingClientRect();
      if (getComputedStyle(pane).overflowX !== "visible" && (left < box.left - 1 || right > box.right + 1)) return true;
    }
    return left < 0 || right > innerWidth;
  });
  expect(clipped, await control.textContent().then(String)).toBe(false);
  await expect(page.locator("html")).toHaveJSProperty("scrollWidth", page.viewportSize()!.width);
}

test("the studio is in Chinese, too, and both themes are readable", async ({ studio }) => {
  await studio.getByRole("button", { name: "中文" }).click();
  await expect(studio.getByRole("button", { name: "生成歌曲" })).toBeVisible();
  await expect(studio.locator("html")).toHaveAttribute("lang", "zh-Hans");
  await expectAccessible(studio);
  for (const theme of ["light", "dark"]) {
    await studio.getByRole("button", { name: /^主题/ }).click();
    await expect(studio.locator("html")).toHaveAttribute("data-theme", theme);
    await expectAccessible(studio);
  }
  await studio.reload();
  await expect(studio.getByRole("button", { name: "English" })).toBeVisible();
});

test("on a low screen, or at 200 %, bars leave room for the form", ONCE, async ({ studio }) => {
  await studio.setViewportSize({ width: 640, height: 400 });
  const box = await studio.getByRole("form", { name: "Create" }).boundingBox();
  expect(box!.height).toBeGreaterThan(200);
  await studio.getByRole("button", { name: "Create song" }).scrollIntoViewIfNeeded();
  await expect(studio.getByRole("button", { name: "Create song" })).toBeInViewport();
});

test("from a small phone to a wide screen nothing is cut off", ONCE, async ({ studio, server }) => {
  const { songs } = await (await fetch(`${server.url}/api/v1/songs`)).json();
  for (const place of ["#/", "#/library", `#/songs/${songs[0].id}`]) {
    await studio.goto(`${server.url}/${place}`);
    await expect(studio.getByRole("button").first()).toBeVisible();
    for (const width of [320, 390, 768, 1024, 1440, 2560]) {
      await studio.setViewportSize({ width, height: 800 });
      expect(await studio.evaluate(() => document.documentElement.scrollWidth), `${place} at ${width}`).toBe(width);
    }
  }
});

test("a server that does not answer is reported, and nothing is lost", async ({ page, server }) => {
  await page.goto(server.url);
  await page.getByRole("textbox", { name: "Describe your song" }).fill("a song that waits");
  await page.route("**/api/v1/songs", (route) => route.abort());
  await page.getByRole("button", { name: "Create song" }).click();
  await expect(
    page.getByRole("region", { name: "Notifications" }).getByText("The server is not responding"),
  ).toBeVisible();
  await expectAccessible(page);
  await expect(page.getByRole("textbox", { name: "Describe your song" })).toHaveValue("a song that waits");
});

test("a long library loads page by page", ONCE, async ({ studio, server }) => {
  const ask = (path: string, body = {}) =>
    fetch(`${server.url}/api/v1/songs${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  for (let n = 1; n <= 65; n++) {
    const song = await (await ask("", { prompt: `sketch ${n}`, duration: 5, takes: 1 })).json();
    await ask(`/${song.id}/cancel`);
  }
  await visit(studio, "Library");
  await expect(studio.getByRole("link", { name: "sketch 65" })).toBeVisible();
  expect(await studio.getByRole("link", { name: /^sketch/ }).count()).toBeLessThan(65);
  const first = studio.getByRole("link", { name: "sketch 1", exact: true });
  await expect
    .poll(async () => {
      await studio.getByRole("listitem").last().scrollIntoViewIfNeeded();
      return first.count();
    })
    .toBe(1);
});
