/** Measures how soon the studio is drawn in Chromium and what it costs at rest: node measure.mjs URL */

import { chromium } from "@playwright/test";

const url = process.argv[2] ?? "http://localhost:8889";
const RUNS = 5;
const IDLE_SECONDS = 10;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
});

/** Milliseconds to the first contentful paint and to the largest one, and bytes received, of a visit with an empty cache. */
async function visit() {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  let bytes = 0;
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto(url, { waitUntil: "load" });
  await page.getByRole("button").first().waitFor();
  const paint = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const first = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0;
        new PerformanceObserver((list) => resolve({ first, largest: list.getEntries().at(-1).startTime })).observe({
          type: "largest-contentful-paint",
          buffered: true,
        });
      }),
  );
  return { page, session, bytes, ...paint };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const visits = [];
for (let run = 0; run < RUNS; run++) {
  const { page, ...figures } = await visit();
  visits.push(figures);
  await page.context().close();
}
for (const name of ["first", "largest"])
  console.log(
    `${name} contentful paint: ${Math.round(median(visits.map((figures) => figures[name])))} ms (median of ${RUNS})`,
  );
console.log(`received: ${Math.round(median(visits.map(({ bytes }) => bytes)) / 1000)} kB`);

const { page, session } = await visit();
await page.waitForTimeout(3000);
await session.send("Performance.enable");
const busy = async () =>
  (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value;
const frames = page.evaluate(
  (seconds) =>
    new Promise((resolve) => {
      const original = window.requestAnimationFrame;
      let asked = 0;
      window.requestAnimationFrame = (callback) => {
        asked += 1;
        return original(callback);
      };
      setTimeout(() => resolve(asked), seconds * 1000);
    }),
  IDLE_SECONDS,
);
const before = await busy();
const asked = await frames;
const spent = (await busy()) - before;
console.log(
  `at rest for ${IDLE_SECONDS} s: ${(spent * 1000).toFixed(1)} ms of the page's main thread, ${asked} animation frames asked for`,
);
await browser.close();
