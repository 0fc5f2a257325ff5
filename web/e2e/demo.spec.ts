/** The site of `make demo`, opened from disk: a song and an instrumental of the examples. */

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "@playwright/test";
import { expectAccessible, PYTHON, tabTo } from "./studio";

const DOCS = join(import.meta.dirname, "../../docs");
let home = "";

test.beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "khala-demo-"));
  mkdirSync(join(home, "songs"));
  for (const name of ["01-last-bus-home", "07-corner-table"])
    for (const ending of ["opus", "json"])
      copyFileSync(join(DOCS, "examples", `${name}.${ending}`), join(home, "songs", `${name}.${ending}`));
  execFileSync(PYTHON, [join(DOCS, "demo/make.py"), join(home, "songs"), "--to", join(home, "site")]);
});
test.afterAll(() => rmSync(home, { recursive: true }));

test("songs play from disk, one at a time, and the lyrics follow", async ({ page }) => {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("requestfailed", (request) => request.resourceType() === "xhr" || errors.push(request.url())); // axe's own
  page.on("request", (request) => /^(file|data):/.test(request.url()) || errors.push(request.url()));
  await page.goto(pathToFileURL(join(home, "site/index.html")).href);
  await expectAccessible(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);

  const [sung, played] = [page.getByRole("article", { name: "Last bus home" }), page.getByRole("article").nth(1)];
  const line = sung.getByRole("button", { name: "I am walking home again" }).first();
  await line.click();
  await expect(line).toHaveAttribute("aria-current", "true");
  await expect(line.locator(".now")).toBeVisible();
  await expect(sung.getByRole("button", { name: "Pause: Last bus home" })).toBeVisible();
  await expectAccessible(page);

  await played.getByRole("button", { name: "Play: Corner table" }).click();
  await expect(played.getByRole("button", { name: "Pause: Corner table" })).toBeVisible();
  await expect(sung.getByRole("button", { name: "Play: Last bus home" })).toBeVisible();

  await page.getByRole("link", { name: "中文" }).click();
  await expect(page.getByRole("button", { name: "播放: Last bus home" })).toBeVisible();
  await expectAccessible(page);
  expect(errors).toEqual([]);
});

test("everything can be reached with the keyboard", async ({ page }) => {
  await page.goto(pathToFileURL(join(home, "site/index.html")).href);
  const sung = page.getByRole("article", { name: "Last bus home" });
  await tabTo(page, sung.getByRole("button", { name: "Play: Last bus home" }));
  await page.keyboard.press("Space");
  await expect(sung.getByRole("button", { name: "Pause: Last bus home" })).toBeFocused();
  const slider = sung.getByRole("slider", { name: "Position: Last bus home" });
  await tabTo(page, slider);
  await page.keyboard.press("PageUp");
  await expect(slider).toHaveAttribute("aria-valuetext", /^0:0[2-9] of 0:33$/);
  const line = sung.getByRole("button", { name: "Walking home in the rain" });
  await tabTo(page, line);
  await page.keyboard.press("Enter");
  await expect(line).toHaveAttribute("aria-current", "true");
});
