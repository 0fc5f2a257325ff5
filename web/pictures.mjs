/** What the scripts that take the pictures of docs/ have in common. */

import { writeFileSync } from "node:fs";
import { chromium } from "@playwright/test";

export const url = process.argv[2] ?? "http://localhost:8889";

export async function call(path, method = "GET", body = undefined) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`${url}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.status === 204 ? null : response.json();
}

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  });

/** Saves what a page shows once it has come to rest, as WebP, which keeps it small. */
export async function capture(page, path) {
  await page.waitForTimeout(1500);
  const screen = await page.context().newCDPSession(page);
  const { data } = await screen.send("Page.captureScreenshot", { format: "webp", quality: 88 });
  writeFileSync(path, Buffer.from(data, "base64"));
}
