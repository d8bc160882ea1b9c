import { afterEach, beforeEach, expect, test } from "vitest";
import { Browser } from "../src/browser.js";
import { House } from "../src/house.js";
import { agreed, stored } from "../src/screens.js";

let house: House;
let browser: Browser;

beforeEach(async () => {
  [house, browser] = await Promise.all([House.open(), Browser.open()]);
});

afterEach(async () => {
  await Promise.all([browser.close(), house.close()]);
});

test("a minute without a network, while two hundred messages arrive: all are on the screen, once, and what was typed is sent", async () => {
  const me = house.newMember();
  const demo = await browser.demo(house.gate.base, me);
  await demo.say("member", "hello");
  await demo.settled("member", 1);
  await demo.choose(me);
  const [{ conversation } = { conversation: 0 }] = await house.rows(me);

  await browser.context.setOffline(true);
  house.gate.set("silent");
  const until = Date.now() + 60_000;
  for (let n = 1; n <= 3; n += 1) await demo.say("member", `typed offline ${n}`);
  for (let n = 1; n <= 200; n += 1) await house.say("agent", me, `${n}`, conversation);
  expect(await demo.page.locator(".member .draft").count()).toBe(3);
  expect(await demo.screen("member")).toHaveLength(1);
  // The minute is what this test is about; nothing is waited for in it.
  await new Promise((go) => setTimeout(go, Math.max(0, until - Date.now())));

  house.gate.set("open");
  await browser.context.setOffline(false);

  await stored(house, me, 204);
  const rows = await agreed(house, demo, me);
  expect(rows.filter(({ by }) => by === "member").map(({ text }) => text)).toEqual(["hello", ...[1, 2, 3].map((n) => `typed offline ${n}`)]);
  expect(new Set(rows.map(({ text }) => text)).size).toBe(204);
});
