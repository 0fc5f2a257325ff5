import { readFileSync } from "node:fs";
import { expect, expectAccessible, test, visit } from "./studio";

test.describe.configure({ mode: "serial" });

const time = (text: string | null) => Number(text);

test("a song is made, compared and saved by clicks alone", async ({ studio }) => {
  await visit(studio, "Library");
  await expect(studio.getByRole("heading", { name: /whole song/i })).toBeVisible();
  await expect(studio.getByText("noise · 0.6 MB")).toBeVisible();
  await expectAccessible(studio);
  await studio.getByRole("button", { name: "Make an example song" }).click();
  await expect(studio.getByRole("progressbar").first()).toBeVisible();
  await expectAccessible(studio);

  const [one, two] = ["Play Take 1", "Play Take 2"].map((name) => studio.getByRole("button", { name }));
  await one!.click();
  const position = studio.getByRole("slider", { name: "Position" });
  await expect.poll(async () => time(await position.getAttribute("aria-valuenow"))).toBeGreaterThan(0);
  await position.press("End");
  await two!.click();
  await expect(studio.getByRole("region", { name: "Player" })).toContainText("Take 2");
  expect(time(await position.getAttribute("aria-valuenow"))).toBeGreaterThan(20); // the position stays
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
    expect(file.suggestedFilename()).toMatch(new RegExp(`^sing-with-me.*\\.${format.toLowerCase()}$`));
    const bytes = readFileSync(await file.path());
    expect(bytes.length).toBeGreaterThan(1000);
    if (magic) expect(bytes.subarray(0, 4).toString()).toBe(magic);
  }

  await studio.getByText("Details", { exact: true }).click();
  await expect(studio.getByText(/khala generate .*--seed 7/s)).toBeVisible();
  await expectAccessible(studio);
});

test("the keyboard plays, seeks and repeats a region", async ({ studio }) => {
  await visit(studio, "Library");
  await studio.getByRole("button", { name: "Play Sing with me" }).click();
  const position = studio.getByRole("slider", { name: "Position" });
  await position.focus();
  await studio.keyboard.press("End");
  await expect.poll(async () => time(await position.getAttribute("aria-valuenow"))).toBeGreaterThan(20);
  await studio.keyboard.press("Home");
  await expect.poll(async () => time(await position.getAttribute("aria-valuenow"))).toBeLessThan(3);
  await position.blur();
  await studio.keyboard.press("l");
  await expect(studio.getByRole("button", { name: "Stop repeating" })).toBeVisible();
  await expect.poll(async () => time(await position.getAttribute("aria-valuenow")), { timeout: 30_000 }).toBe(7);
  await expect.poll(async () => time(await position.getAttribute("aria-valuenow")), { timeout: 30_000 }).toBe(1);
  await studio.keyboard.press("l");
  await studio.keyboard.press("k");
  await expect(studio.getByRole("button", { name: "Play", exact: true })).toBeVisible();
});

test("a draft survives a reload, and what it asks for is what is made", async ({ studio }) => {
  await studio.getByText("Custom", { exact: true }).click();
  await studio.getByRole("textbox", { name: "Search tags" }).fill("fol");
  await studio.getByRole("button", { name: "folk", exact: true }).click();
  await studio.getByLabel("Tempo, BPM").fill("96");
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
  await studio.getByRole("button", { name: "One take less" }).click();
  await studio.getByRole("button", { name: "Create song" }).click();
  await expect(studio.getByRole("heading", { name: "Morning light is in the street" })).toBeVisible();
  const song = studio.getByRole("region", { name: "Song", exact: true });
  await expect(song.getByText("folk · 96 bpm · female vocals")).toBeVisible();
  await expect(studio.getByRole("button", { name: "Play Take 1" })).toBeVisible();
});

test("several songs at once are cancelled, tried again, and outlive a restart", async ({ studio, server }) => {
  const prompt = studio.getByRole("textbox", { name: "Describe your song" });
  for (const words of ["calm piano", "fast rock"]) {
    await visit(studio, "Create");
    await prompt.fill(words);
    await studio.getByRole("button", { name: "Create song" }).click();
    await expect(studio.getByRole("heading", { name: words })).toBeVisible();
  }
  await visit(studio, "Library");
  const rock = studio.getByRole("listitem").filter({ hasText: "fast rock" }).first();
  await rock.getByRole("button", { name: "Cancel" }).click();
  await expect(rock.getByRole("button", { name: "Cancel" })).toBeHidden();
  await expectAccessible(studio);

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

test("songs are found, liked, renamed, reused and deleted with a way back", async ({ studio, server }) => {
  await visit(studio, "Library");
  await studio.getByRole("searchbox").fill("morning");
  await expect(studio.getByRole("link", { name: "Sing with me" })).toBeVisible(); // it is in its lyrics, too
  await studio.getByRole("searchbox").fill("nothing like it");
  await expect(studio.getByText("No song found.")).toBeVisible();
  await studio.getByRole("searchbox").fill("");
  await studio.getByRole("button", { name: "Like Sing with me" }).click();
  await expect(studio.getByRole("button", { name: "Unlike Sing with me" })).toBeVisible();

  await studio.getByRole("link", { name: "Sing with me" }).click();
  await studio.getByRole("button", { name: "Rename" }).click();
  await studio.getByRole("textbox", { name: "Rename" }).fill("Sing again");
  await studio.keyboard.press("Enter");
  await expect(studio.getByRole("heading", { name: "Sing again" })).toBeVisible();
  await studio.getByRole("button", { name: "More for Sing again" }).last().click();
  await studio.getByRole("menuitem", { name: "Reuse settings and seed" }).click();
  await studio.getByText("More settings").click();
  await expect(studio.getByRole("spinbutton", { name: "Seed" })).toHaveValue("7");

  await visit(studio, "Library");
  const link = studio.getByRole("link", { name: "Sing again" });
  const remove = async () => {
    await studio.getByRole("button", { name: "More for Sing again" }).click();
    await studio.getByRole("menuitem", { name: "Delete" }).click();
    await expect(link).toBeHidden();
  };
  await remove();
  await studio.getByRole("button", { name: "Undo" }).click();
  await expect(link).toBeVisible();
  await remove();
  await expect
    .poll(async () => (await (await fetch(`${server.url}/api/v1/songs?q=sing`)).json()).songs.length, {
      timeout: 30_000,
    })
    .toBe(0);
});

test("the studio speaks Chinese, and both themes are readable", async ({ studio }) => {
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

test("a server that does not answer is named, and nothing is lost", async ({ page, server }) => {
  await page.goto(server.url);
  await page.getByRole("textbox", { name: "Describe your song" }).fill("a song that waits");
  await page.route("**/api/v1/songs", (route) => route.abort());
  await page.getByRole("button", { name: "Create song" }).click();
  await expect(
    page.getByRole("region", { name: "Notifications" }).getByText("The studio does not answer"),
  ).toBeVisible();
  await expectAccessible(page);
  await expect(page.getByRole("textbox", { name: "Describe your song" })).toHaveValue("a song that waits");
});
