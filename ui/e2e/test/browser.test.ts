import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Browser, type Demo } from "../src/browser.js";
import { House } from "../src/house.js";
import { person } from "../src/people.js";
import { agreed, stored } from "../src/screens.js";

/** A picture of one pixel. */
const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

let browser: Browser;
let house: House;
let me: number;
let conversation: number;
let demo: Demo;

beforeAll(async () => {
  browser = await Browser.open();
});
afterAll(async () => {
  await browser.close();
});

/** A member who has said hello, and an agent who looks at it. */
beforeEach(async () => {
  house = await House.open();
  me = house.newMember();
  demo = await browser.demo(house.gate.base, me);
  await demo.say("member", "hello");
  await demo.settled("member", 1);
  await demo.choose(me);
  conversation = (await house.rows(me))[0]!.conversation;
});

afterEach(async () => {
  for (const page of browser.context.pages()) if (page.url() !== "about:blank") await page.close();
  await house.close();
});

test("what was typed while the server was killed twice is sent once each, in order", async () => {
  for (let n = 1; n <= 20; n += 1) {
    await demo.say("member", `question ${n}`);
    await demo.say("agent", `answer ${n}`);
    if (n === 6) await house.server.kill();
    if (n === 9) {
      await house.server.start();
      house.gate.lead(house.server.port);
    }
    if (n === 14) await house.crash();
  }

  await stored(house, me, 41);
  const rows = await agreed(house, demo, me);
  for (const [by, words] of [["member", "question"], ["agent", "answer"]] as const) {
    const said = rows.filter((row) => row.by === by && row.seq > 1).map(({ text }) => text);
    expect(said).toEqual(Array.from({ length: 20 }, (_, at) => `${words} ${at + 1}`));
  }
});

test("of two tabs one has the connection, and when it goes the other takes over", async () => {
  const other = await browser.demo(house.gate.base, me);
  const leads = (tab: Demo) => tab.page.locator(".member .state").getAttribute("title");
  expect(await leads(demo)).toContain("this tab has the connection");
  expect(await leads(other)).toContain("through another tab");
  await other.choose(me);

  await other.say("member", "from the tab that follows");
  await demo.say("member", "from the tab that leads");
  await house.say("agent", me, "to both", conversation);
  await stored(house, me, 4);
  await agreed(house, demo, me);
  await agreed(house, other, me);

  house.gate.set("refusing");
  await demo.say("member", "never sent by the tab it was typed in");
  await other.page.locator(".member .draft", { hasText: "never sent" }).waitFor();
  await demo.page.close();
  house.gate.set("open");

  await stored(house, me, 5);
  await agreed(house, other, me);
  expect(await leads(other)).toContain("this tab has the connection");
  await house.say("agent", me, "to the one that is left", conversation);
  await stored(house, me, 6);
  await agreed(house, other, me);
});

test("what was typed outlives the page", async () => {
  house.gate.set("refusing");
  await demo.is("member", "waiting");
  await demo.say("member", "typed before the page was closed");
  await demo.page.locator(".member .draft").waitFor();
  await demo.page.close();
  house.gate.set("open");

  const next = await browser.demo(house.gate.base, me);
  await stored(house, me, 2);
  await next.choose(me);
  await agreed(house, next, me);
});

test("a hidden tab reads nothing and misses nothing", async () => {
  const front = await browser.context.newPage();
  await front.bringToFront();
  expect(await demo.page.evaluate(() => document.visibilityState)).toBe("hidden");

  for (let n = 1; n <= 20; n += 1) await house.say("agent", me, `${n}`, conversation);
  house.gate.cut();
  for (let n = 21; n <= 40; n += 1) await house.say("agent", me, `${n}`, conversation);
  await demo.settled("member", 41);
  expect((await house.rows(me)).filter(({ by, read }) => by === "agent" && read)).toEqual([]);

  await demo.page.bringToFront();
  await agreed(house, demo, me);
  await expect.poll(async () => (await house.rows(me)).every(({ by, read }) => by === "member" || read)).toBe(true);
});

test("what somebody wrote is never part of the page", async () => {
  const evil = `<img src=x onerror="window.hit = 1"><script>window.hit = 1</script><b>&lt;b&gt;</b>`;
  await demo.say("member", evil);
  await demo.settled("agent", 2);
  await demo.act("agent", 2, "quote");
  await demo.say("agent", evil);
  await stored(house, me, 3);
  await house.say("agent", me, evil, conversation);

  await stored(house, me, 4);
  const rows = await agreed(house, demo, me);
  expect(rows.slice(1).map(({ text }) => text)).toEqual([evil, evil, evil]);
  expect(await demo.page.locator(".conversations .preview").textContent()).toBe(evil);
  expect(await demo.message("member", 3).locator(".quotation").textContent()).toBe(`#2 ${evil}`);

  // Older pages come over HTTP, where the server escapes for the mall's pages.
  for (let n = 1; n <= 60; n += 1) await house.say("agent", me, `${n}`, conversation);
  await demo.page.reload();
  await demo.settled("member", 50);
  await demo.page.locator(".member .log").evaluate((log) => (log.scrollTop = 0));
  await demo.settled("member", 64);
  await agreed(house, demo, me, ["member"]);
  expect(await demo.page.evaluate(() => ["hit" in window, document.querySelectorAll(".log img, .log b, .log script").length])).toEqual([false, 0]);
});

test("quoting, taking back, deleting, ticks and typing are on both screens", async () => {
  await demo.message("member", 1).getByText("已读").waitFor();
  await demo.page.locator(".member textarea").pressSequentially("wh");
  await demo.page.locator(".agent .typing", { hasText: "正在输入" }).waitFor();
  await demo.say("member", "what about blue?");
  await demo.settled("agent", 2);
  await demo.act("agent", 2, "quote");
  await demo.say("agent", "blue is there");
  await demo.message("member", 3).locator(".quotation", { hasText: "#2 what about blue?" }).waitFor();

  await demo.act("member", 2, "take back");
  await demo.message("agent", 2).getByText("消息已撤回").waitFor();
  await demo.message("agent", 3).locator(".quotation", { hasText: "#2 消息已撤回" }).waitFor();

  await demo.act("agent", 1, "delete");
  await demo.message("agent", 1).waitFor({ state: "detached" });
  await demo.message("member", 1).waitFor();
  await agreed(house, demo, me);
});

test("a picture and a product are sent, and shown as what they are", async () => {
  const [pane, other] = [demo.page.locator(".member"), demo.page.locator(".agent")];
  await pane.locator("input[type=file]").setInputFiles({ name: "dot.png", mimeType: "image/png", buffer: Buffer.from(DOT, "base64") });
  await demo.settled("agent", 2);
  await pane.getByRole("button", { name: "Product" }).click();
  await demo.settled("agent", 3);
  await other.locator(".card strong", { hasText: "手作陶瓷咖啡杯" }).waitFor();
  await expect.poll(() => other.locator(".picture img").evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(1);
  expect(demo.complaints).toEqual([]);
});

test("what leads somewhere is a link on both screens, and gives its page away to nobody", async () => {
  const shopper = await person(house, "member", me);
  await shopper.send({ content: "where is my parcel?", url: "/parcels/7?a=1&b=2" });
  await shopper.send({ style: "card", content: '{"spuId":7,"spuName":"杯","picUrl":null,"price":8900}', url: "https://mall.example/p/7" });

  for (const pane of ["member", "agent"] as const) {
    await demo.settled(pane, 3);
    const links = demo.page.locator(`.${pane} .message a`);
    expect(await links.evaluateAll((all) => all.map((a) => [a.textContent, (a as HTMLAnchorElement).href, a.getAttribute("rel")]))).toEqual([
      ["where is my parcel?", `${house.gate.base}/parcels/7?a=1&b=2`, "noopener noreferrer"],
      ["杯", "https://mall.example/p/7", "noopener noreferrer"],
    ]);
  }
  shopper.stop();
  expect(demo.complaints).toEqual([]);
});

test("what the server does not take stays as failed, until it is thrown away", async () => {
  await demo.say("member", "x".repeat(9_000));
  const draft = demo.page.locator(".member .draft.failed");
  await draft.getByRole("button", { name: "retry" }).click();
  await draft.getByRole("button", { name: "discard" }).click();
  await demo.say("member", "shorter");
  await stored(house, me, 2);
  await agreed(house, demo, me);
});
