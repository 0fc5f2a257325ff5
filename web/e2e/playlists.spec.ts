import { readFileSync, writeFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, expectAccessible, fillAndEnter, type Server, test, visit } from "./studio";

test.describe.configure({ mode: "serial" });

const NAMES = ["Alder", "Birch", "Cedar"];
const isPhone = (page: Page) => page.viewportSize()!.width < 500;

async function makeSongs(server: Server): Promise<void> {
  for (const title of NAMES.toReversed()) {
    const lyrics = title === "Alder" ? "[verse]\nSing it low & slow" : "";
    const body = { title, tags: ["folk"], lyrics, instrumental: !lyrics, duration: 10, takes: 1 };
    const headers = { "Content-Type": "application/json" };
    await fetch(`${server.url}/api/v1/songs`, { method: "POST", headers, body: JSON.stringify(body) });
  }
  const states = async () => {
    const { songs } = await (await fetch(`${server.url}/api/v1/songs`)).json();
    return songs.slice(0, NAMES.length).map(({ title, state }: { title: string; state: string }) => [title, state]);
  };
  const done = NAMES.map((name) => [name, "done"]);
  await expect.poll(states, { timeout: 300_000, intervals: [2000] }).toEqual(done);
}

const titles = (page: Page) => page.getByRole("region", { name: "Playlist" }).locator("ol a").allTextContents();
const row = (page: Page, name: string) => page.getByRole("link", { name, exact: true });

test("songs are selected and put into a playlist, which is played and ordered", async ({ studio, server }) => {
  await makeSongs(server);
  await visit(studio, "Library");
  await expect(row(studio, "Alder")).toBeVisible();
  if (isPhone(studio)) {
    const box = (await row(studio, "Cedar").boundingBox())!;
    const point = { x: box.x + 20, y: box.y + 8 };
    const session = await studio.context().newCDPSession(studio);
    await session.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [point] });
    await expect(studio.getByRole("checkbox", { name: "Select Cedar" })).toBeChecked();
    await session.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await expect(studio.getByRole("toolbar", { name: "Selected songs" })).toContainText("1 selected");
    await row(studio, "Birch").tap(); // selects rather than opens
    await studio.getByRole("checkbox", { name: "Select Alder" }).tap();
  } else {
    await row(studio, "Alder").click({ modifiers: ["Control"] });
    await row(studio, "Cedar").click({ modifiers: ["Shift"] });
    await studio.keyboard.press("Escape");
    await expect(studio.getByRole("checkbox")).toHaveCount(0);
    await row(studio, "Alder").focus();
    await studio.keyboard.press("Shift+ArrowDown");
    await studio.keyboard.press("Shift+ArrowDown");
  }
  await expect(studio.getByRole("status").filter({ hasText: "3 selected" })).toBeVisible();
  await expectAccessible(studio);
  await studio.getByRole("button", { name: "Add to playlist" }).click();
  await studio.getByRole("menuitem", { name: "New playlist" }).click();
  await studio.getByRole("button", { name: "Open", exact: true }).click();
  await expect(studio.getByRole("heading", { name: "Playlist 1" })).toBeVisible();
  expect(await titles(studio)).toEqual(NAMES);
  await expectAccessible(studio);

  await studio.getByRole("button", { name: "Move Alder" }).focus();
  await studio.keyboard.press("ArrowDown");
  await expect.poll(() => titles(studio)).toEqual(["Birch", "Alder", "Cedar"]);
  await expect(studio.getByRole("button", { name: "Move Alder" })).toBeFocused();
  const [from, to] = await Promise.all(
    ["Cedar", "Birch"].map((name) => studio.getByRole("button", { name: `Move ${name}` }).boundingBox()),
  );
  await studio.mouse.move(from!.x + 10, from!.y + 20);
  await studio.mouse.down();
  await studio.mouse.move(to!.x + 10, to!.y + 5, { steps: 5 });
  await studio.mouse.up();
  await expect.poll(() => titles(studio)).toEqual(["Cedar", "Birch", "Alder"]);
  await studio.reload();
  await expect.poll(() => titles(studio)).toEqual(["Cedar", "Birch", "Alder"]);

  await studio.getByRole("button", { name: "Play all" }).click();
  const player = studio.getByRole("region", { name: "Player" });
  await expect(player).toContainText("Cedar");
  await expect(player).toContainText("Birch"); // after it
  await studio.getByRole("button", { name: "Next track" }).click();
  await expect(player).toContainText("Alder");
  await expect(studio.getByRole("button", { name: "Next track" })).toBeDisabled();

  await studio.getByRole("button", { name: "Rename" }).click();
  await fillAndEnter(studio.getByRole("textbox", { name: "Rename" }), "Trees");
  await expect(studio.getByRole("heading", { name: "Trees" })).toBeVisible();
  await studio.getByRole("button", { name: "Take Birch out of the playlist" }).click();
  await expect.poll(() => titles(studio)).toEqual(["Cedar", "Alder"]);
  await studio.getByRole("button", { name: "Download playlist" }).click();
  const download = studio.waitForEvent("download");
  await studio.getByRole("menuitem", { name: "MP3" }).click();
  const bytes = readFileSync(await (await download).path());
  expect([bytes.subarray(0, 2).toString(), bytes.includes("Cedar-"), bytes.includes("Birch-")]).toEqual([
    "PK",
    true,
    false,
  ]);
  await studio.getByRole("button", { name: "Delete playlist" }).click();
  await expect(row(studio, "Trees")).toBeHidden();
  await studio.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => titles(studio)).toEqual(["Cedar", "Alder"]);
});

test("many songs are deleted at once, which can be undone", async ({ studio }) => {
  await visit(studio, "Library");
  await expect(row(studio, "Cedar")).toBeVisible(); // all that is shown is selected, and nothing is before it is loaded
  await studio.getByRole("button", { name: "Select songs" }).click();
  await studio.getByRole("button", { name: "Select all" }).click();
  await studio.getByRole("button", { name: "Delete selected songs" }).click();
  await expect(studio.getByText(/^\d+ songs deleted/)).toBeVisible(); // those of other tests, too
  await expect(row(studio, "Alder")).toBeHidden();
  await studio.getByRole("button", { name: "Undo" }).click();
  for (const name of NAMES) await expect(row(studio, name)).toBeVisible();
});

test("settings are kept as a preset and used again", async ({ studio }) => {
  const prompt = studio.getByRole("textbox", { name: "Describe your song" });
  await prompt.fill("slow waltz for a rainy evening");
  await studio.getByRole("button", { name: "Presets" }).click();
  await fillAndEnter(studio.getByRole("textbox", { name: "Save these settings as" }), "Rain");
  const preset = studio.getByRole("button", { name: /^Rain/ });
  await expect(preset).toContainText("slow waltz");
  await expectAccessible(studio);
  await studio.keyboard.press("Escape");
  await studio.evaluate(() => localStorage.clear()); // another device
  await studio.reload();
  await expect(prompt).toHaveValue("");
  await studio.getByRole("button", { name: "Presets" }).click();
  await preset.click();
  await expect(prompt).toHaveValue("slow waltz for a rainy evening");
});

test("a take is dragged out of the browser as a file", async ({ studio }) => {
  await visit(studio, "Library");
  await row(studio, "Alder").click();
  const handle = studio.getByRole("link", { name: "Drag take 1 to the desktop or a DAW" });
  if (isPhone(studio)) return expect(handle).toBeHidden(); // fingers cannot
  const data = await handle.evaluate((link) => {
    const dataTransfer = new DataTransfer();
    link.dispatchEvent(new DragEvent("dragstart", { bubbles: true, dataTransfer }));
    return dataTransfer.getData("DownloadURL");
  });
  expect(data).toMatch(/^audio\/wav:Alder-1\.wav:http:.*\/audio\.wav\?download=true$/);
});

test("a page with sound, words and cover works from a disk", async ({ studio, browser }, info) => {
  await visit(studio, "Library");
  await row(studio, "Alder").click();
  await studio.getByRole("button", { name: "Download take 1" }).click();
  const download = studio.waitForEvent("download");
  await studio.getByRole("menuitem", { name: "HTML" }).click();
  const file = info.outputPath("alder.html");
  writeFileSync(file, readFileSync(await (await download).path()));
  const context = await browser.newContext({ offline: true, viewport: studio.viewportSize() });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(`file://${file}`);
  await expect(page.getByRole("heading", { name: "Alder" })).toBeVisible();
  await expect(page.locator("#lyrics")).toContainText("low & slow");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Play", exact: true }).click();
  const seek = page.getByRole("slider", { name: "Position" });
  await expect.poll(async () => Number(await seek.inputValue())).toBeGreaterThan(0.3);
  const line = page.locator(".line").first();
  await line.click();
  await expect(page.locator("[aria-current] .sung").first()).toBeVisible();
  await expectAccessible(page);
  await expect(page.locator("html")).toHaveJSProperty("scrollWidth", page.viewportSize()!.width);
  expect(errors).toEqual([]);
  await context.close();
});
