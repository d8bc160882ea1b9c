import { describe, expect, test } from "vitest";
import { pageOf, understand, type Page, type Step } from "../src/heard";
import { Thread } from "../src/thread";
import type { Envelope } from "../src/wire";
import { Conversation, shown } from "./support/model";

/** A thread at `[9, 3, 3]`: three messages, one change each. */
function atThree(): { thread: Thread; conversation: Conversation } {
  const conversation = new Conversation(9);
  for (const text of ["a", "b", "c"]) conversation.say("member", text);
  const thread = new Thread(9, "admin");
  thread.page(pageFor(conversation, [9, -1, -1]));
  return { thread, conversation };
}

function pageFor(conversation: Conversation, cursor: readonly [number, number, number], limit = 50, asked = "a1"): Page {
  const page = pageOf(conversation.page(cursor, "admin", "a1", asked, limit).ext);
  if (!page) throw new Error("no page");
  return page;
}

function step(frame: Envelope): Step {
  const heard = understand(frame);
  if (heard.type !== "step") throw new Error(`a ${heard.type} is no step`);
  return heard.step;
}

function said(conversation: Conversation, text: string): Step {
  return step(conversation.envelope(conversation.say("member", text).row, "admin"));
}

describe("a frame is applied only if it is the next one", () => {
  // change and seq of the frame → cursor afterwards, and whether something is missing
  const table: [string, [change: number, seq: number], [seq: number, change: number], boolean][] = [
    ["the next one", [4, 4], [4, 4], false],
    ["one that is there", [3, 3], [3, 3], false],
    ["an old one", [1, 1], [3, 3], false],
    ["one with a gap before it", [5, 5], [3, 3], true],
    ["one far ahead", [40, 20], [3, 3], true],
    ["the next change with another number", [4, 6], [3, 3], true],
  ];
  test.each(table)("%s", (_, [change, seq], [last, head], behind) => {
    const { thread, conversation } = atThree();
    const row = { ...conversation.say("member", "x").row, change, seq };

    thread.step(step(conversation.envelope(row, "admin")));

    expect(thread.cursor).toEqual([9, last, head]);
    expect(thread.behind).toBe(behind);
  });
});

test("frames that came too early are applied when what was missing comes", () => {
  const { thread, conversation } = atThree();
  const [d, e, f] = [said(conversation, "d"), said(conversation, "e"), said(conversation, "f")];

  thread.step(f);
  thread.step(e);
  expect(thread.last).toBe(3);
  const outcome = thread.step(d);

  expect(outcome.added.map((message) => message.content)).toEqual(["d", "e", "f"]);
  expect(thread.cursor).toEqual([9, 6, 6]);
  expect(thread.behind).toBe(false);
});

test("a frame that came before the page it waited for is applied once", () => {
  const { thread, conversation } = atThree();
  said(conversation, "d");
  const page = pageFor(conversation, [9, 3, 3]);
  const e = said(conversation, "e");

  thread.step(e);
  const outcome = thread.page(page);

  expect(outcome.added.map((message) => message.content)).toEqual(["d", "e"]);
  expect(thread.step(e).touched).toBe(false);
  expect(shown(thread.messages)).toEqual(["1 a", "2 b", "3 c", "4 d", "5 e"]);
});

test("the head of changes is adopted with the last page only", () => {
  const { thread, conversation } = atThree();
  for (const text of ["d", "e", "f"]) said(conversation, text);
  conversation.revoke(1);

  const first = pageFor(conversation, [9, 3, 3], 2);
  thread.page(first);
  expect(first.more).toBe(true);
  expect(thread.cursor).toEqual([9, 5, 3]);
  expect(thread.behind).toBe(true);

  thread.page(pageFor(conversation, [9, 5, 3], 2));
  expect(thread.cursor).toEqual([9, 6, 7]);
  expect(thread.behind).toBe(false);
  expect(thread.at(1)?.revoked).toBe(true);
});

test("a page that breaks off is asked for again from where it broke off", () => {
  const { thread, conversation } = atThree();
  for (const text of ["d", "e", "f"]) said(conversation, text);
  thread.page(pageFor(conversation, [9, 3, 3], 2));
  const row = conversation.revoke(4);

  const [, seq, change] = thread.cursor;
  thread.page(pageFor(conversation, [9, seq, change], 50));

  expect(row?.change).toBe(7);
  expect(thread.at(4)?.revoked).toBe(true);
  expect(thread.cursor).toEqual([9, 6, 7]);
});

test("a page with a hole is not taken for the whole", () => {
  const { thread, conversation } = atThree();
  for (const text of ["d", "e", "f"]) said(conversation, text);
  const page = pageFor(conversation, [9, 3, 3]);

  thread.page({ ...page, messages: page.messages.slice(1) });

  expect(thread.cursor).toEqual([9, 3, 3]);
  expect(thread.behind).toBe(true);
});

test("a tombstone takes the place of its message and keeps its number", () => {
  const { thread, conversation } = atThree();
  const row = conversation.revoke(2);

  const outcome = thread.step(step(conversation.envelope(row!, "admin", "revoke")));

  expect(outcome.changed.map(({ seq, revoked, content }) => [seq, revoked, content])).toEqual([[2, true, "消息已撤回"]]);
  expect(outcome.changed[0]?.quote).toBeUndefined();
  expect(shown(thread.messages)).toEqual(["1 a", "2 revoked", "3 c"]);
});

test("a deleted message is hidden and the numbers go on", () => {
  const { thread, conversation } = atThree();
  const row = conversation.hide(3, "admin");

  thread.step(step(conversation.envelope(row!, "admin", "delete")));
  thread.step(said(conversation, "d"));

  expect(shown(thread.messages)).toEqual(["1 a", "2 b", "3 hidden", "4 d"]);
});

test("an older row never takes the place of a newer one", () => {
  const { thread, conversation } = atThree();
  const late = pageFor(conversation, [9, 1, 1]);
  conversation.revoke(3);
  thread.page(pageFor(conversation, [9, 3, 3]));

  thread.page(late);

  expect(thread.at(3)?.revoked).toBe(true);
  expect(thread.cursor).toEqual([9, 3, 4]);
});

test("a reset forgets everything and takes the newest page, visibly", () => {
  const { thread } = atThree();
  const restored = new Conversation(9);
  restored.say("member", "old");

  const outcome = thread.page({ ...pageFor(restored, [9, 3, 3]), epoch: "b2" });

  expect(outcome.reset).toBe(true);
  expect(shown(thread.messages)).toEqual(["1 old"]);
  expect(thread.cursor).toEqual([9, 1, 1]);
  expect(thread.epoch).toBe("b2");
  expect(thread.behind).toBe(false);
});

test("a reset of the same life is taken where too much below the cursor was altered, and nothing of later is lost", () => {
  const { thread, conversation } = atThree();
  for (const seq of [1, 2]) conversation.revoke(seq);
  const { since: _, ...page } = pageFor(conversation, [9, -1, -1]);
  const d = said(conversation, "d");
  thread.step(d);
  conversation.pin(true);
  thread.heads(4, 7);

  const outcome = thread.page(page);

  expect(outcome.reset).toBe(true);
  expect(shown(thread.messages)).toEqual(["1 revoked", "2 revoked", "3 c", "4 d"]);
  expect(thread.cursor).toEqual([9, 4, 6]);
  expect(thread.behind).toBe(true);
});

test("a reset that says nothing new is ignored, and answers a thread that doubts", () => {
  const { thread, conversation } = atThree();
  const { since: _, ...page } = pageFor(conversation, [9, -1, -1]);
  thread.doubt();
  expect(thread.behind).toBe(true);

  expect(thread.page(page).touched).toBe(false);

  expect(thread.behind).toBe(false);
});

test("the first page is no visible reset", () => {
  const conversation = new Conversation(9);
  for (let n = 1; n <= 9; n += 1) conversation.say("member", `${n}`);
  const thread = new Thread(9, "admin");

  const outcome = thread.page(pageFor(conversation, [9, -1, -1], 4));

  expect([outcome.reset, outcome.added.length, thread.first, thread.complete]).toEqual([false, 0, 6, false]);
  expect(thread.cursor).toEqual([9, 9, 9]);
});

test("a conversation that is known to be empty is followed from its beginning", () => {
  const conversation = new Conversation(9);
  const thread = new Thread(9, "member");
  thread.page(pageFor(conversation, [9, -1, -1]));
  expect([thread.cold, thread.cursor, thread.complete]).toEqual([false, [9, 0, 0], true]);
  for (const text of ["a", "b"]) said(conversation, text);

  const outcome = thread.page(pageFor(conversation, [9, 0, 0]));

  expect([outcome.reset, outcome.added.length]).toEqual([false, 2]);
});

test("what is unread is counted from what is here where the server did not count, and more of it when that is loaded", () => {
  const conversation = new Conversation(9);
  for (let n = 1; n <= 9; n += 1) conversation.say("admin", `${n}`);
  const thread = new Thread(9, "member");
  const page = pageOf(conversation.page([9, -1, -1], "member", "a1", "a1", 4).ext)!;
  expect(page.unread).toBeUndefined();
  thread.page(page);
  expect(thread.unread).toBe(4);

  thread.older(conversation.rows.slice(2, 5).map((row) => step(conversation.envelope(row, "member")).added!));

  expect([thread.unread, thread.behind]).toEqual([7, false]);
});

test("what the desk has not read is taken from the frame that says so", () => {
  const { thread, conversation } = atThree();
  const { row } = conversation.say("admin", "d");
  const frame = conversation.envelope(row, "admin");
  thread.step(step({ ...frame, ext: { ...frame.ext, unread: 1 } }));
  expect(thread.unread).toBe(1);
});

test("a second answer to the first question keeps older pages", () => {
  const conversation = new Conversation(9);
  for (let n = 1; n <= 9; n += 1) conversation.say("member", `${n}`);
  const thread = new Thread(9, "admin");
  const page = pageFor(conversation, [9, -1, -1], 4);
  thread.page(page);
  thread.older(conversation.rows.slice(0, 5).map((row) => step(conversation.envelope(row, "admin")).added!));

  expect(thread.page(page).touched).toBe(false);
  expect([thread.first, thread.complete]).toEqual([1, true]);
});

test("an older page does not bring back what was revoked while it was on its way", () => {
  const conversation = new Conversation(9);
  for (let n = 1; n <= 6; n += 1) conversation.say("member", `${n}`);
  const thread = new Thread(9, "admin");
  thread.page(pageFor(conversation, [9, -1, -1], 3));
  const onItsWay = conversation.rows.slice(0, 3).map((row) => step(conversation.envelope(row, "admin")).added!);
  const row = conversation.revoke(2);

  thread.step(step(conversation.envelope(row!, "admin", "revoke")));
  thread.older(onItsWay);

  expect(shown(thread.messages)).toEqual(["1 1", "2 revoked", "3 3", "4 4", "5 5", "6 6"]);
});

test("reading moves the cursors, and the other side's messages below are no longer counted", () => {
  const { thread, conversation } = atThree();
  expect(thread.unread).toBe(3);
  thread.step(said(conversation, "d"));
  expect(thread.unread).toBe(4);

  conversation.read("desk", 3);
  const outcome = thread.step(step(conversation.readFrame("desk")));

  expect(outcome.reads).toEqual([{ by: "desk", seq: 3 }]);
  expect([thread.deskRead, thread.unread]).toEqual([3, 1]);
});

describe("a page says from where it goes on", () => {
  // since, whether it is a newcomer's page → whether it is taken
  const table: [string, [seq: number, change: number], boolean, boolean][] = [
    ["from our own cursor", [3, 3], false, true],
    ["from an earlier one", [2, 1], false, true],
    ["from more messages than we have", [4, 3], false, false],
    ["from more changes than we have", [3, 5], false, false],
    ["a newcomer's, to one who has been here", [-1, -1], true, false],
    ["one that starts over because of the cursor", [9, 9], true, true],
  ];
  test.each(table)("%s", (_, since, reset, taken) => {
    const { thread, conversation } = atThree();
    for (const text of ["d", "e"]) said(conversation, text);
    const page = pageFor(conversation, [9, 3, 3]);

    thread.page({ ...page, since, reset });

    expect(thread.cursor).toEqual(taken ? [9, 5, 5] : [9, 3, 3]);
    expect(thread.behind).toBe(!taken);
  });
});

test("heads that are lower than ours ask for nothing", () => {
  const { thread } = atThree();
  thread.heads(2, 2);
  expect(thread.behind).toBe(false);
  thread.heads(3, 4);
  expect(thread.behind).toBe(true);
});

describe("a frame that this client does not understand does no harm", () => {
  const table: [string, Envelope, string][] = [
    ["no category", {}, "nothing"],
    ["a category of tomorrow", { category: "robot", action: "send" }, "nothing"],
    ["a message without a number", { category: "customer", action: "send", id: 1, ext: { conversation: 9, change: 4 } }, "nothing"],
    ["an action of tomorrow that took a change", { category: "system", action: "claim", ext: { conversation: 9, change: 4 } }, "step"],
    ["a resume without heads", { category: "ack", action: "resume", ext: { conversation: 9 } }, "nothing"],
    ["a refused resume", { category: "ack", action: "resume", ext: { conversation: 9, code: 1013019000 } }, "ack"],
    ["heads of a strange shape", { category: "heartbeat", ext: { heads: [[1], "x"] as never } }, "heartbeat"],
  ];
  test.each(table)("%s", (_, frame, type) => {
    expect(understand(frame).type).toBe(type);
  });
});
