import { defineConfig } from "@playwright/test";

const desktop = { viewport: { width: 1440, height: 900 } };
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

export default defineConfig({
  testDir: "e2e",
  workers: 2, // each waits for songs of a server of its own
  maxFailures: 1,
  timeout: 900_000,
  expect: { timeout: 240_000 }, // a song takes a while on a busy machine
  outputDir: "test-results",
  use: {
    actionTimeout: 240_000,
    locale: "en-GB",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "desktop-light", use: { ...desktop, colorScheme: "light" } },
    {
      name: "phone-dark",
      use: { ...phone, colorScheme: "dark" },
      testIgnore: /(demo|live|rework)\.spec/,
      grepInvert: /@once/,
    },
  ],
});
