/** Debian's Chromium without a window, as a person has it: tabs hide each other, and hidden ones are slowed down. */

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext, type Page } from "playwright-core";

/** Nothing of it looks for anybody outside this machine. */
const ALONE = [
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** A browser with a profile of its own. */
export class Browser {
  private constructor(
    readonly context: BrowserContext,
    private readonly end: () => Promise<void>,
  ) {}

  static async open(): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), "kefu-chromium-"));
    const options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--window-size=1160,860"];
    const started = spawn("chromium", [...options, ...ALONE, `--user-data-dir=${profile}`, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
    const ended = new Promise((go) => started.once("exit", go));
    const address = await new Promise<string>((go, fail) => {
      let said = "";
      started.stderr.on("data", (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-10_000);
        const address = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
        if (address) go(address);
      });
      started.once("error", (cause) => fail(new Error("Chromium does not start; `scripts/services install` fetches it", { cause })));
      started.once("exit", (code) => fail(new Error(`Chromium ended at its start (${code}):\n${said}`)));
    });
    // Without its defaults, Playwright leaves hidden tabs hidden.
    const browser = await chromium.connectOverCDP(address, { noDefaults: true, isLocal: true });
    return new Browser(browser.contexts()[0]!, async () => {
      await browser.close();
      started.kill("SIGKILL");
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    });
  }

  /** The demonstration with this member, in a tab of its own, once both sides are connected. */
  async demo(base: string, member: number): Promise<Demo> {
    const page = await this.context.newPage();
    const demo = new Demo(page);
    await page.goto(`${base}/demo?member=${member}`);
    await demo.is("member", "online");
    await demo.is("agent", "online");
    return demo;
  }

  async close(): Promise<void> {
    await this.end();
  }
}

/** One message as it stands on the screen. */
export interface Seen {
  seq: number;
  text: string;
  place: string;
}

export type Pane = "member" | "agent";

/** What one person does with the page, and sees on it. */
export class Demo {
  /** What the page complained of: errors, and what its policy forbade. */
  readonly complaints: string[] = [];

  constructor(readonly page: Page) {
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (said) => {
      if (said.type() === "error" && !/Failed to load resource|WebSocket connection/.test(said.text())) this.complaints.push(said.text());
    });
  }

  /** Waits until the connection of that side is so. */
  async is(pane: Pane, state: string): Promise<void> {
    await this.page.locator(`.${pane} .state.${state}`).waitFor();
  }

  /** Says something in that pane. */
  async say(pane: Pane, text: string): Promise<void> {
    const box = this.page.locator(`.${pane} textarea`);
    await box.fill(text);
    await box.press("Enter");
  }

  /** Opens the conversation of that member in the agent's list. */
  async choose(member: number): Promise<void> {
    await this.page.locator(".conversations .choose", { hasText: `会员 ${member}` }).click();
    await this.page.locator(".agent .message").first().waitFor();
  }

  /** Waits until that pane shows so many messages, and nothing of the outbox any more. */
  async settled(pane: Pane, count: number): Promise<void> {
    const holds = ([pane, count]: [Pane, number]) => {
      const all = (what: string) => document.querySelectorAll(`.${pane} .log ${what}`).length;
      return all(".message[data-seq]") === count && all(".draft") === 0;
    };
    // Looked at by the clock: a hidden page draws no frames to look at it by.
    await this.page.waitForFunction(holds, [pane, count] as [Pane, number], { polling: 100, timeout: 120_000 });
  }

  /** The messages on the screen, from top to bottom. */
  async screen(pane: Pane): Promise<Seen[]> {
    return this.page.locator(`.${pane} .message[data-seq]`).evaluateAll((nodes) =>
      nodes.map((node) => ({
        seq: Number((node as HTMLElement).dataset["seq"]),
        text: node.querySelector(".text")?.textContent ?? "",
        place: node.classList[1] ?? "",
      })),
    );
  }

  /** A message on the screen. */
  message(pane: Pane, seq: number) {
    return this.page.locator(`.${pane} .message[data-seq="${seq}"]`);
  }

  /** Does one of the things that a message offers. */
  async act(pane: Pane, seq: number, words: string): Promise<void> {
    const message = this.message(pane, seq);
    await message.hover();
    await message.getByRole("button", { name: words }).click();
  }
}
