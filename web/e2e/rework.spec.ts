import type { Locator, Page } from "@playwright/test";
import { expect, expectAccessible, type Server, sliderValue, tabTo, test, visit } from "./studio";

test.describe.configure({ mode: "serial" });

const LYRICS = `[verse]
Paper boats along the stream
Carry half of what we dream

[chorus]
Let it go and let it flow
Past the houses in a row

[outro]`;

const opened = (page: Page): Locator => page.getByRole("dialog");

/** Opens a form from the menu of take 1. */
async function open(page: Page, verb: "Extend" | "Edit" | "Vary"): Promise<Locator> {
  await page.getByRole("button", { name: "Make something of take 1" }).click();
  await page.getByRole("menuitem", { name: new RegExp(`^${verb}`) }).click();
  await expect(opened(page)).toBeVisible();
  return opened(page);
}

async function songs(server: Server): Promise<{ id: string; title: string; derived: { kind: string } | null }[]> {
  return (await (await fetch(`${server.url}/api/v1/songs`)).json()).songs;
}

/** Waits until the song that is shown can be played; the header says how it was made. */
async function expectMade(page: Page, how: RegExp): Promise<void> {
  const song = page.getByRole("region", { name: "Song", exact: true });
  await expect(song.locator("header").getByText(how)).toBeVisible();
  await expect(song.getByRole("button", { name: /^(Play|Pause) Take 1/ })).toBeVisible();
}

test("a line of a chorus is written anew", async ({ studio, server }) => {
  await fetch(`${server.url}/api/v1/songs`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ title: "Paper boats", tags: ["folk", "96 bpm"], lyrics: LYRICS, duration: 20, seed: 3 }),
  });
  await studio.reload(); // the page may have asked for songs before, and for news since
  await visit(studio, "Library");
  await studio.getByRole("link", { name: "Paper boats" }).click();
  const form = await open(studio, "Edit");
  await expect(form.getByText("Change a line of the lyrics to start.")).toBeVisible();
  await expect(form.getByRole("button", { name: "Edit song" })).toBeDisabled();
  const lyrics = form.getByRole("textbox", { name: "Lyrics" });
  await lyrics.fill(LYRICS.replace("Past the houses in a row", "Past the gardens, past the snow"));
  await expect(form.getByText("1 changed line")).toBeVisible();
  await expect(form.getByText(/^0:\d\d to 0:\d\d is made anew/)).toBeVisible();
  await expectAccessible(studio);
  await form.getByLabel("Candidates").fill("2");
  await form.getByRole("button", { name: "Edit song" }).click();
  await expect(form).toBeHidden();
  await expectMade(studio, /^Edited, 0:\d\d – 0:\d\d/);
  await expect(studio.getByText("Past the gardens, past the snow")).toBeVisible();
});

test("a region is set by keys, from lines and bars", async ({ studio }) => {
  await visit(studio, "Library");
  await studio.getByRole("link", { name: "Paper boats" }).last().click();
  const menu = studio.getByRole("button", { name: "Make something of take 1" });
  await menu.focus();
  await studio.keyboard.press("Enter");
  await studio.getByRole("menuitem", { name: /^Edit/ }).press("Enter");
  const form = opened(studio);
  await form.getByRole("radio", { name: "Region" }).press("Space");
  const [start, end] = ["Start of the region", "End of the region"].map((name) => form.getByRole("slider", { name }));
  await form.getByLabel("First line").selectOption({ index: 0 });
  await form.getByLabel("Last line").selectOption({ index: 1 });
  const [first, last] = [await sliderValue(start!), await sliderValue(end!)];
  expect(first).toBeLessThan(last);
  await tabTo(studio, end!);
  await studio.keyboard.press("ArrowRight");
  const barLater = await sliderValue(end!);
  expect(barLater - last).toBeCloseTo((4 * 60) / 96, 0);
  await studio.keyboard.press("Shift+ArrowLeft"); // to the end of a line or a part
  expect(await sliderValue(end!)).toBeLessThan(barLater);
  await start!.press("Home");
  expect(await sliderValue(start!)).toBe(0);
  await expectAccessible(studio);
  await studio.keyboard.press("Escape");
  await expect(form).toBeHidden();
  await expect(menu).toBeFocused();
});

test("a region is drawn with the pointer, and one that is looped is taken over", async ({ studio }) => {
  await visit(studio, "Library");
  await studio.getByRole("link", { name: "Paper boats" }).last().click();
  await studio.getByRole("button", { name: "Play Take 1" }).click();
  await studio.keyboard.press("l");
  const form = await open(studio, "Edit");
  await expect(form.getByRole("radio", { name: "Region" })).toBeChecked();
  await form.getByRole("button", { name: "Close" }).click();
  await open(studio, "Extend");
  const point = form.getByRole("slider", { name: "Point" });
  const before = await sliderValue(point);
  const box = (await point.locator("..").boundingBox())!;
  await studio.mouse.click(box.x + box.width * 0.4, box.y + 20);
  await expect.poll(() => sliderValue(point)).toBeLessThan(before);
  await expect(form.getByLabel("Go on from").locator("option:checked")).toContainText("After “"); // at the end of a line
  await studio.keyboard.press("Escape");
});

test("a song is extended with new lyrics", async ({ studio }) => {
  await visit(studio, "Library");
  await studio.getByRole("link", { name: "Paper boats" }).last().click();
  const form = await open(studio, "Extend");
  await expect(form.getByLabel("Go on from").locator("option:checked")).toContainText("Before the outro");
  await expect(form.getByRole("region", { name: "Lyrics so far" })).toContainText("Carry half of what we dream");
  await form.getByRole("textbox", { name: "New lyrics" }).fill("[verse]\nEvening comes and all is still");
  await form.getByRole("slider", { name: "Length of the new part" }).press("Home");
  await expectAccessible(studio);
  await form.getByRole("button", { name: "Extend song" }).click();
  await expectMade(studio, /^Extended, from 0:\d\d/);
  await expect(studio.getByText("Evening comes and all is still")).toBeVisible();
  await expect(studio.getByText("Paper boats along the stream")).toBeVisible();
});

test("versions are a tree, any two are compared, and one is deleted", async ({ studio, server }) => {
  await visit(studio, "Library");
  await studio.getByRole("link", { name: "Paper boats" }).first().click();
  const tree = studio.getByRole("region", { name: "Versions" });
  await expect(tree.getByRole("listitem")).toHaveCount(3);
  await tree.getByRole("radio", { name: /^A: Paper boats/ }).check();
  await tree.getByRole("radio", { name: /^B: Edited/ }).check();
  await tree.getByRole("button", { name: "Compare A and B" }).click();
  const player = studio.getByRole("region", { name: "Player" });
  const sides = ["Version A", "Version B"].map((name) => player.getByRole("button", { name }));
  const position = studio.getByRole("slider", { name: "Position" });
  await expect.poll(() => sliderValue(position)).toBeGreaterThan(0);
  await position.press("PageUp");
  const before = await sliderValue(position);
  await position.blur();
  const heard = (await sides[0]!.getAttribute("aria-pressed")) === "true" ? 0 : 1;
  await studio.keyboard.press("x");
  await expect(sides[1 - heard]!).toHaveAttribute("aria-pressed", "true");
  expect(await sliderValue(position)).toBeGreaterThanOrEqual(before); // the position stays
  await studio.keyboard.press("x");
  await expect(sides[heard]!).toHaveAttribute("aria-pressed", "true");
  await expectAccessible(studio);
  await player.getByRole("button", { name: "Stop comparing" }).click();
  await expect(sides[0]!).toBeHidden();

  const first = (await songs(server)).find(({ derived }) => derived === null)!;
  await fetch(`${server.url}/api/v1/songs/${first.id}`, { method: "DELETE" });
  await expect(tree.getByRole("listitem").first()).toContainText("Deleted");
  await expect(tree.getByRole("radio", { name: /^A: Paper boats/ })).toBeDisabled();
  await expect(tree.getByRole("listitem")).toHaveCount(3);
});

test("an audio file is added, and its sound is made anew", async ({ studio, server }) => {
  const [{ id } = { id: "" }] = await songs(server);
  const { takes } = await (await fetch(`${server.url}/api/v1/songs/${id}`)).json();
  const wav = await (await fetch(`${server.url}/api/v1/takes/${takes[0].id}/audio.wav`)).arrayBuffer();
  await visit(studio, "Library");
  const chooser = studio.waitForEvent("filechooser");
  await studio.getByRole("button", { name: "Add an audio file" }).click();
  await (await chooser).setFiles({ name: "Field recording.wav", mimeType: "audio/wav", buffer: Buffer.from(wav) });
  await expect(studio.getByRole("heading", { name: "Field recording" })).toBeVisible();
  await expectMade(studio, /^Uploaded/);
  const form = await open(studio, "Vary");
  await form.getByText("Sound only", { exact: true }).click();
  await expectAccessible(studio);
  await form.getByRole("button", { name: "Make a variation" }).click();
  await expectMade(studio, /^Refined again/);
});
