/** Whether a screen shows what the database holds. */

import { expect } from "vitest";
import type { Demo, Pane, Seen } from "./browser.js";
import type { House, Row } from "./house.js";

/** What that pane is to show of these rows. */
function drawn(rows: Row[], pane: Pane): Seen[] {
  const mine = pane;
  return rows
    .filter(({ deleted }) => !deleted)
    .map(({ seq, text, by, revoked }) => ({ seq, text, place: revoked || by === "house" ? "system" : by === mine ? "mine" : "theirs" }));
}

/** Both panes show what the database holds for them, and nothing waits to be sent. */
export async function agreed(house: House, demo: Demo, member: number, panes: Pane[] = ["member", "agent"]): Promise<Row[]> {
  const rows = await house.rows(member);
  for (const pane of panes) {
    const theirs = await house.rows(member, pane, rows[0]?.conversation);
    const expected = drawn(theirs, pane);
    await demo.settled(pane, expected.length);
    expect(await demo.screen(pane)).toEqual(expected);
  }
  expect(demo.complaints).toEqual([]);
  return rows;
}

/** Waits until the database holds so many messages, asked again whenever a screen may be different. */
export async function stored(house: House, member: number, count: number): Promise<void> {
  await expect.poll(async () => (await house.rows(member)).length, { timeout: 120_000, interval: 200 }).toBe(count);
}
