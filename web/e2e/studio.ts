/** The studio's page on a real `khala serve` of its own, with the embedded model, for each kind of screen. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { test as base, expect, type Locator, type Page, type Request } from "@playwright/test";

export const PYTHON = process.env.PYTHON ?? join(import.meta.dirname, "../../.venv/bin/python");
const PATIENCE_MS = 300_000;
/** Messages of Chromium about a server that is being restarted. */
const UNANSWERED = /net::ERR_(CONNECTION|INCOMPLETE|EMPTY)/;
/** And about the stream of a take that was done before the page knew of it. */
const GONE = /status of 410/;

export class Server {
  private process: ChildProcess | undefined;
  private constructor(
    readonly home: string,
    readonly port: number,
  ) {}

  static async start(): Promise<Server> {
    const server = new Server(mkdtempSync(join(tmpdir(), "khala-studio-")), await freePort());
    await server.run();
    return server;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  private get log(): string {
    return join(this.home, "server.log");
  }

  /** Starts the server and waits for its worker. */
  async run(): Promise<void> {
    this.process = spawn(PYTHON, ["-m", "khala", "serve", `--port=${this.port}`, "--workers=1"], {
      cwd: this.home,
      stdio: ["ignore", "ignore", openSync(this.log, "a")],
      env: { ...process.env, OMP_NUM_THREADS: "1" },
    });
    const end = Date.now() + PATIENCE_MS;
    while (Date.now() < end) {
      const status = await fetch(`${this.url}/api/v1/status`).then(
        (response) => response.json(),
        () => null,
      );
      if (status?.workers.length) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    throw new Error("the server did not start");
  }

  /** The last that it wrote to its log, and whether it has ended. */
  said(): string {
    const { exitCode, signalCode } = this.process!;
    const end = exitCode ?? signalCode;
    return readFileSync(this.log, "utf8").slice(-1000) + (end === null ? "" : `\nThe server has ended: ${end}`);
  }

  /** Holds its worker still, or lets it go on: what is seen meanwhile does not depend on how fast the machine is. */
  holdWorker(hold: boolean): void {
    const children = readFileSync(`/proc/${this.process!.pid}/task/${this.process!.pid}/children`, "utf8");
    for (const pid of children.trim().split(" ")) process.kill(Number(pid), hold ? "SIGSTOP" : "SIGCONT");
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process!.once("exit", resolve));
    if (this.process!.kill("SIGTERM")) await ended;
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true });
  }
}

const called = (request: Request) => `${request.method()} ${request.url()}`;

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Of a test that sees the same on every screen: the desktop's is enough. */
export const ONCE = { tag: "@once" };

interface Fixtures {
  /** The page, whose console must stay free of errors. */
  studio: Page;
}

/** Tests with the same `site` share a server; a file whose library begins empty names one of its own. */
export const test = base.extend<Fixtures, { site: string; server: Server }>({
  site: ["shared", { option: true, scope: "worker" }],
  server: [
    // Another site is another server, whatever its name.
    async ({ site: _ }, use) => {
      const server = await Server.start();
      await use(server);
      await server.end();
    },
    { scope: "worker", timeout: 2 * PATIENCE_MS },
  ],
  studio: async ({ page, server }, use, info) => {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => {
      const late = GONE.test(message.text()) && message.location().url.endsWith("/live");
      if (message.type() === "error" && !UNANSWERED.test(message.text()) && !late) errors.push(message.text());
    });
    const answers = new Map<string, string>();
    page.on("request", (request) => {
      answers.delete(called(request)); // what is asked again comes last
      answers.set(called(request), "no answer yet");
      const { protocol, host } = new URL(request.url());
      if (protocol.startsWith("http") && host !== new URL(server.url).host) errors.push(`asked ${host}`);
    });
    page.on("response", (response) => answers.set(called(response.request()), String(response.status())));
    page.on("requestfailed", (request) => answers.set(called(request), request.failure()!.errorText));
    await page.goto(server.url);
    await use(page);
    if (info.status !== info.expectedStatus) {
      const calls = [...answers].map((answer) => answer.join(": ")).filter((call) => call.includes("/api/"));
      throw new Error(`The page asked last:\n${calls.slice(-12).join("\n")}\n${server.said()}`);
    }
    expect(errors).toEqual([]);
  },
});

export { expect };

/** Opens a view; on a phone through the bar at the foot. */
export async function visit(page: Page, place: "Create" | "Library"): Promise<void> {
  const link = page.getByRole("navigation").getByRole("link", { name: place });
  if (await link.isVisible()) await link.click();
  else if (place === "Library") await page.goto(`${new URL(page.url()).origin}/#/library`);
}

/** Expects no finding of axe in either theme. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" }); // a colour on its way to another is neither
    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
    expect(found, colorScheme).toEqual([]);
  }
}

/** Writes into a field and presses Enter there, wherever the page may have put the focus meanwhile. */
export async function fillAndEnter(field: Locator, text: string): Promise<void> {
  await field.fill(text);
  await field.press("Enter");
}

/** The value of a slider. */
export async function sliderValue(slider: Locator): Promise<number> {
  return Number(await slider.getAttribute("aria-valuenow"));
}

/** Presses Tab until `target` has the focus. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let step = 0; step < 80; step++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error("the keyboard does not reach it");
}
