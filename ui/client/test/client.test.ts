import { beforeEach, describe, expect, test } from "vitest";
import type { KefuClient } from "../src/client";
import type { Events } from "../src/events";
import { KEPT } from "../src/outbox";
import { MemoryStorage } from "../src/storage";
import { settled } from "./support/clock";
import { shown, truth } from "./support/model";
import { World } from "./support/world";

let world: World;
beforeEach(() => {
  world = new World();
});

/** Everything of one kind that a client says from now on. */
function heard<Name extends keyof Events>(client: KefuClient, name: Name): Events[Name][] {
  const list: Events[Name][] = [];
  client.on(name, (event) => list.push(event));
  return list;
}

const texts = (client: KefuClient, conversation?: number) => client.thread(conversation).messages.map((message) => message.content);

describe("a member", () => {
  test("says something and finds it in the thread, once", async () => {
    const client = world.member();
    const messages = heard(client, "message");
    await world.clock.pass(100);

    const entry = await client.send("hello");
    expect(client.thread().outbox.map((one) => one.key)).toEqual([entry.key]);
    await world.clock.pass(100);

    expect(texts(client)).toEqual(["hello"]);
    expect(client.thread().outbox).toEqual([]);
    expect(messages.map(({ message }) => [message.clientMsgId, message.from])).toEqual([[entry.key, "member:101"]]);
    expect(client.me).toBe("member:101");
  });

  test("who has no conversation yet has nothing to wait for", async () => {
    const client = world.member();
    expect(client.thread()).toMatchObject({ caughtUp: false, complete: false });
    await world.clock.pass(100);
    expect(client.thread()).toMatchObject({ conversation: undefined, messages: [], caughtUp: true, complete: true });
  });

  test("sees the newest page first, and what is before it when asked", async () => {
    for (let n = 1; n <= 10; n += 1) world.house.say(9, "admin", `${n}`);
    const client = world.member();
    const messages = heard(client, "message");
    await world.clock.pass(100);
    expect(texts(client)).toEqual(["7", "8", "9", "10"]);
    expect(messages).toEqual([]);
    expect(client.thread()).toMatchObject({ unread: 4, complete: false, caughtUp: true });

    const [first, same] = [client.older(undefined, 4), client.older(undefined, 4)];
    await world.clock.pass(10);
    expect([await first, await same]).toEqual([4, 4]);
    expect(world.house.requests.filter((one) => one.endsWith("/list"))).toHaveLength(1);
    const rest = client.older(undefined, 4);
    await world.clock.pass(10);
    expect(await rest).toBe(2);

    expect(texts(client)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    expect(client.thread().complete).toBe(true);
    expect(await client.older()).toBe(0);
  });

  test("gets everything that was missed while the line was down, in order and once", async () => {
    world.house.say(9, "admin", "before");
    const client = world.member();
    await world.clock.pass(100);
    const messages = heard(client, "message");

    world.house.away = true;
    world.house.cutAll();
    for (let n = 1; n <= 200; n += 1) world.house.say(9, n % 3 ? "admin" : "member", `m${n}`);
    world.house.revoke(9, 1);
    await world.clock.pass(60_000);
    world.house.away = false;
    await world.clock.until(() => client.thread().messages.length === 201);

    expect(shown(client.thread().messages)).toEqual(truth(world.house.conversation(9), "member"));
    expect(messages.map(({ message }) => message.seq)).toEqual(Array.from({ length: 200 }, (_, n) => n + 2));
    // The greeting asked, and fifty pages came by themselves.
    expect(world.house.seen.at(-1)!.said.filter((frame) => frame.action === "resume")).toEqual([]);
  });

  test("asks for a gap as soon as a frame shows one", async () => {
    world.house.say(9, "admin", "a");
    const client = world.member();
    await world.clock.pass(100);

    world.house.loses = (frame) => frame.content === "b";
    world.house.say(9, "admin", "b");
    world.house.say(9, "admin", "c");
    await world.clock.pass(20);

    expect(texts(client)).toEqual(["a", "b", "c"]);
    const resumes = world.house.seen[0]!.said.filter((frame) => frame.action === "resume");
    expect(resumes.map((frame) => frame.ext?.resume)).toEqual([[[9, 1, 1]]]);
  });

  test("learns from the heads of a heartbeat that the last frame was lost", async () => {
    world.house.say(9, "admin", "a");
    const client = world.member();
    await world.clock.pass(100);

    world.house.loses = (frame) => frame.action === "send";
    world.house.say(9, "admin", "b");
    world.house.loses = () => false;
    await world.clock.pass(20_100);

    expect(texts(client)).toEqual(["a", "b"]);
  });

  test("tells the server what was applied within two seconds, and not with every message", async () => {
    world.house.say(9, "admin", "a");
    const client = world.member();
    await world.clock.pass(100);
    for (let n = 0; n < 30; n += 1) {
      world.house.say(9, "admin", `${n}`);
      await world.clock.pass(100);
    }
    await world.clock.pass(1_500);

    const receipts = world.house.seen[0]!.said.filter((frame) => frame.category === "receive");
    expect(receipts.at(-1)?.ext?.received).toEqual([[9, 31, 31]]);
    expect(receipts.length).toBeGreaterThanOrEqual(4);
    expect(receipts.length).toBeLessThanOrEqual(6);
    client.stop();
  });

  test("reads, revokes, deletes and quotes", async () => {
    world.house.say(9, "admin", "question");
    const client = world.member();
    await world.clock.pass(100);
    const [changed, reads] = [heard(client, "changed"), heard(client, "read")];
    expect(client.thread().unread).toBe(1);

    client.read();
    await client.send({ content: "answer", quote: client.thread().messages[0]!.id });
    await world.clock.pass(100);
    expect(client.thread().unread).toBe(0);
    expect(reads).toEqual([{ conversation: 9, by: "member", seq: 1 }]);
    expect(world.house.seen[0]!.said.find((frame) => frame.action === "send")?.quote).toBe(9001);

    const revoking = client.revoke(client.thread().messages[1]!);
    const deleting = client.delete(client.thread().messages[0]!);
    await world.clock.pass(100);
    await Promise.all([revoking, deleting]);

    expect(changed.map(({ message }) => [message.seq, message.revoked, message.deleted])).toEqual([[2, true, false], [1, false, true]]);
    expect(texts(client)).toEqual(["消息已撤回"]);
    await expect(Promise.all([client.revoke({ conversation: 9, id: 5 }), world.clock.pass(100)])).rejects.toMatchObject({ code: 1013020000 });
  });

  test("what was read without a network is told with the next connection", async () => {
    world.house.say(9, "admin", "a");
    const client = world.member();
    await world.clock.pass(100);
    world.house.away = true;
    world.house.cutAll();
    client.read();
    client.read();
    await world.clock.pass(2_000);
    expect(client.thread().unread).toBe(1);
    world.house.away = false;
    await world.clock.until(() => client.thread().unread === 0);
    expect(world.house.conversation(9).memberRead).toBe(1);
  });

  test.each([429, 500, 503])("what was read and met code %i is told again, and not before the server wishes", async (code) => {
    world.house.say(9, "admin", "a");
    const client = world.member();
    await world.clock.pass(100);
    world.house.refusesRead = () => ({ code, msg: "later", ...(code === 500 ? {} : { retry_after: 7_000 }) });
    client.read();
    await world.clock.pass(100);
    expect(client.thread().unread).toBe(1);

    world.house.refusesRead = () => undefined;
    if (code !== 500) {
      await world.clock.pass(6_800);
      expect(world.house.conversation(9).memberRead).toBe(0);
    }
    await world.clock.pass(2_000);
    expect(world.house.conversation(9).memberRead).toBe(1);
    expect(client.thread().unread).toBe(0);
  });

  test("what was read is not told again where that would be refused again", async () => {
    world.house.say(9, "admin", "a");
    const client = world.member();
    await world.clock.pass(100);
    world.house.refusesRead = () => ({ code: 403, msg: "no" });
    client.read();
    await world.clock.pass(120_000);
    world.house.cutAll();
    await world.clock.pass(5_000);
    const told = world.house.seen.flatMap((line) => line.said).filter((frame) => frame.action === "read");
    expect(told).toHaveLength(1);
  });

  test.each([429, 500, 503])("a resume that meets code %i is asked again, and the conversation stays", async (code) => {
    world.house.say(9, "admin", "a");
    const client = world.member();
    await world.clock.pass(100);
    const errors = heard(client, "error");
    world.house.refusesResume = () => ({ code, msg: "later", ...(code === 500 ? {} : { retry_after: 12_000 }) });
    world.house.cutAll();
    // Nothing comes after it that would show the gap.
    world.house.say(9, "admin", "b");
    await world.clock.until(() => client.state.state === "online");
    await world.clock.pass(100);
    expect(texts(client)).toEqual(["a"]);
    expect(client.thread()).toMatchObject({ conversation: 9, caughtUp: false });

    world.house.refusesResume = () => undefined;
    await world.clock.pass(9_000);
    expect(texts(client)).toEqual(["a"]);
    await world.clock.pass(3_500);
    expect(texts(client)).toEqual(["a", "b"]);
    expect(client.thread().caughtUp).toBe(true);
    expect(errors).toEqual([]);
  });

  test("who knows of no conversation yet asks again when the first question was put off", async () => {
    world.house.say(9, "admin", "a");
    world.house.refusesResume = () => ({ code: 503, msg: "later", retry_after: 6_000 });
    const client = world.member();
    await world.clock.pass(5_900);
    world.house.refusesResume = () => undefined;
    expect(client.thread().caughtUp).toBe(false);
    await world.clock.pass(200);
    expect(texts(client)).toEqual(["a"]);
  });

  test("starts over when more was altered below the cursor than the server tells", async () => {
    for (const text of ["a", "b", "c", "d"]) world.house.say(9, "admin", text);
    const client = world.member();
    await world.clock.pass(100);
    const resets = heard(client, "reset");
    world.house.mostChanged = 2;
    world.house.cutAll();
    for (const seq of [1, 2, 3]) world.house.revoke(9, seq);
    await world.clock.pass(5_000);

    expect(shown(client.thread().messages)).toEqual(truth(world.house.conversation(9), "member"));
    expect([resets.length, client.thread().caughtUp]).toEqual([1, true]);
  });

  test("starts over, visibly, when the database lives another life", async () => {
    for (const text of ["a", "b", "c"]) world.house.say(9, "admin", text);
    const client = world.member();
    await world.clock.pass(100);
    const resets = heard(client, "reset");

    world.house.epoch = "b2";
    world.house.conversations.clear();
    world.house.say(9, "admin", "restored");
    world.house.cutAll();
    await world.clock.pass(5_000);

    expect(texts(client)).toEqual(["restored"]);
    expect(resets).toEqual([{ conversation: 9 }]);
  });

  test("starts over when the life changes under a socket that stays", async () => {
    for (const text of ["a", "b", "c"]) world.house.say(9, "admin", text);
    const client = world.member();
    await world.clock.pass(100);
    const resets = heard(client, "reset");

    world.house.epoch = "b2";
    await world.clock.pass(20_100);

    expect(resets).toHaveLength(1);
    expect(texts(client)).toEqual(["a", "b", "c"]);
  });

  test("gives the same view until something changes", async () => {
    world.house.say(9, "admin", "a");
    const client = world.member();
    await world.clock.pass(100);
    const view = client.thread();
    expect(client.thread()).toBe(view);
    world.house.say(9, "admin", "b");
    await world.clock.pass(10);
    expect(client.thread()).not.toBe(view);
    expect(view.messages).toHaveLength(1);
  });
});

describe("the outbox", () => {
  test("sends again under the same key when the line broke after the commit", async () => {
    const client = world.member();
    await world.clock.pass(100);
    world.house.cutAfterCommit = 2;

    await client.send("once");
    await world.clock.pass(10_000);

    expect(world.house.conversation(9).rows).toHaveLength(1);
    const keys = world.house.seen.flatMap((line) => line.said).filter((frame) => frame.action === "send").map((frame) => frame.ext?.client_msg_id);
    expect(new Set(keys).size).toBe(1);
    expect(texts(client)).toEqual(["once"]);
    expect(client.thread().outbox).toEqual([]);
  });

  test("keeps the order of the taps while the first one waits", async () => {
    const client = world.member();
    await world.clock.pass(100);
    let busy = 3;
    world.house.refuses = (content) => (content === "1" && busy-- > 0 ? { code: 429, msg: "请求过于频繁，请稍后重试", retry_after: 7_000 } : undefined);

    for (const text of ["1", "2", "3"]) await client.send(text);
    await world.clock.pass(6_900);
    expect(client.thread().outbox.map((entry) => [entry.draft.content, entry.state, entry.code])).toEqual([
      ["1", "queued", 429],
      ["2", "queued", undefined],
      ["3", "queued", undefined],
    ]);
    await world.clock.pass(60_000);

    expect(texts(client)).toEqual(["1", "2", "3"]);
  });

  test.each([400, 403, 900, 1013019000])("does not try again after code %i, and goes on with the next", async (code) => {
    const client = world.member();
    await world.clock.pass(100);
    world.house.refuses = (content) => (content === "bad" ? { code, msg: "no" } : undefined);

    await client.send("bad");
    await client.send("good");
    await world.clock.pass(60_000);

    expect(texts(client)).toEqual(["good"]);
    expect(client.thread().outbox.map((entry) => [entry.state, entry.code, entry.attempts])).toEqual([["failed", code, 1]]);
  });

  test("tries a failed entry again when asked: under a new key only where the key was refused", async () => {
    const client = world.member();
    await world.clock.pass(100);
    world.house.refuses = (content) => ({ code: content === "key" ? 900 : 400, msg: "no" });
    const [one, two] = [await client.send("key"), await client.send("content")];
    await world.clock.pass(1_000);

    world.house.refuses = undefined;
    client.retry(one.key);
    client.retry(two.key);
    await world.clock.pass(1_000);

    const keys = world.house.conversation(9).rows.map((row) => row.key);
    expect(keys).toHaveLength(2);
    expect(keys).not.toContain(one.key);
    expect(keys).toContain(two.key);
    expect(client.thread().outbox).toEqual([]);
  });

  test("a discarded entry is gone; one that is on its way stays", async () => {
    world.house.refuses = () => ({ code: 400, msg: "no" });
    const client = world.member();
    await world.clock.pass(100);
    const failed = await client.send("bad");
    await world.clock.pass(100);
    world.house.deaf = true;
    const going = await client.send("going");

    client.discard(failed.key);
    client.discard(going.key);
    await settled();

    expect(client.thread().outbox.map((entry) => entry.key)).toEqual([going.key]);
  });

  test("gives up after a day", async () => {
    world.house.away = true;
    const client = world.member();
    await client.send("late");
    await world.clock.pass(100);

    // The machine slept: nothing happened, and then a day is over.
    await world.clock.pass(KEPT - 1_000);
    expect(client.thread().outbox[0]?.state).toBe("queued");
    world.house.away = false;
    world.house.refuses = () => ({ code: 503, msg: "away" });
    await world.clock.pass(120_000);

    expect(client.thread().outbox[0]).toMatchObject({ state: "failed", code: -1 });
  }, 60_000);

  test("sends half a character as the sign that something is missing", async () => {
    const client = world.member();
    await world.clock.pass(100);
    await client.send("cut \ud83d");
    await client.send({ kind: "file", content: "/f", name: "\ude00.pdf" });
    await world.clock.pass(100);
    expect(texts(client)).toEqual(["cut \ufffd", "/f"]);
    expect(world.house.seen[0]!.said.filter((frame) => frame.action === "send").at(-1)?.ext?.name).toBe("\ufffd.pdf");
  });

  test("gives up what the server cannot read, even though its answer does not say which", async () => {
    const client = world.member();
    await world.clock.pass(100);
    world.house.misreads = (frame) => frame.content === "bad";
    await client.send("bad");
    await client.send("good");
    await world.clock.pass(1_000);
    expect(texts(client)).toEqual(["good"]);
    expect(client.thread().outbox.map((entry) => [entry.state, entry.code, entry.attempts])).toEqual([["failed", 400, 1]]);
  });

  test("survives the client: the next one sends it, once", async () => {
    const storage = new MemoryStorage();
    const first = world.member({ account: "101", storage });
    await world.clock.pass(100);
    world.house.cutAfterCommit = 1;
    world.house.loses = (frame) => frame.action === "send";
    await first.send("stored, but nobody said so");
    world.house.away = true;
    await first.send("never sent");
    await world.clock.pass(10);
    first.stop();
    world.house.away = false;
    world.house.loses = () => false;

    const second = world.member({ account: "101", storage });
    expect(second.thread().messages).toEqual([]);
    await world.clock.pass(1_000);

    expect(texts(second)).toEqual(["stored, but nobody said so", "never sent"]);
    expect(world.house.conversation(9).rows).toHaveLength(2);
    expect(second.thread().outbox).toEqual([]);
    expect(await storage.all()).toEqual([]);
  });

  test("of one person is never sent in the name of another", async () => {
    const storage = new MemoryStorage();
    const first = world.member({ account: "shared", storage });
    await world.clock.pass(100);
    world.house.away = true;
    world.house.cutAll();
    await first.send("secret");
    first.stop();
    world.house.away = false;

    const second = world.member({ account: "shared", storage, token: async () => "member:102" });
    const errors = heard(second, "error");
    await world.clock.pass(5_000);

    expect(errors.map(({ code }) => code)).toEqual([403]);
    expect(second.thread().outbox).toEqual([]);
    expect(world.house.conversations.size).toBe(0);
    expect(await storage.all()).toHaveLength(1);
  });

  test("of one person is never sent in the name of another over HTTP either", async () => {
    const storage = new MemoryStorage();
    await storage.own("member:101");
    world.house.away = true;
    const first = world.member({ account: "shared", storage });
    await first.send("secret");
    first.stop();
    world.house.away = false;
    world.house.noSockets = true;

    const second = world.member({ account: "shared", storage, token: async () => "member:102" });
    const errors = heard(second, "error");
    await world.clock.until(() => second.state.state === "polling");
    await world.clock.pass(5_000);
    expect(errors.map(({ code }) => code)).toEqual([403]);
    await second.send("mine");
    await world.clock.pass(5_000);

    expect([...world.house.conversations.values()].map(({ member, rows }) => [member, rows.map((row) => row.content)])).toEqual([[102, ["mine"]]]);
    expect(second.me).toBe("member:102");
    expect(await storage.all()).toHaveLength(1);
  });

  test("with what somebody left in it waits on the long poll where the server does not say who this is", async () => {
    const storage = new MemoryStorage();
    await storage.own("member:101");
    world.house.away = true;
    const first = world.member({ account: "shared", storage });
    await first.send("kept");
    first.stop();
    world.house.away = false;
    world.house.noSockets = true;
    world.house.tellsWho = false;

    const second = world.member({ account: "shared", storage });
    await world.clock.until(() => second.state.state === "polling");
    await world.clock.pass(60_000);
    expect(world.house.conversations.size).toBe(0);

    world.house.noSockets = false;
    await world.clock.until(() => second.state.state === "online");
    await world.clock.pass(1_000);
    expect(texts(second)).toEqual(["kept"]);
  });

  test("with nothing in it is used on the long poll even where the server does not say who this is", async () => {
    const storage = new MemoryStorage();
    await storage.own("member:101");
    world.house.noSockets = true;
    world.house.tellsWho = false;
    const client = world.member({ account: "shared", storage });
    await world.clock.until(() => client.state.state === "polling");
    await world.clock.pass(100);
    await client.send("a");
    await world.clock.pass(5_000);
    expect(texts(client)).toEqual(["a"]);
  });

  test("is not touched before it is certain whose it is, even if somebody says something", async () => {
    let certain = () => {};
    class Slow extends MemoryStorage {
      override async owner(): Promise<string | undefined> {
        await new Promise<void>((go) => (certain = go));
        return super.owner();
      }
    }
    const storage = new Slow();
    await storage.own("member:101");
    world.house.away = true;
    const first = world.member({ account: "shared", storage });
    await first.send("secret");
    first.stop();
    world.house.away = false;

    const second = world.member({ account: "shared", storage, token: async () => "member:102" });
    await world.clock.pass(100);
    await second.send("also");
    await world.clock.pass(100);
    certain();
    await world.clock.pass(1_000);

    expect(world.house.seen.flatMap((line) => line.said).filter((frame) => frame.action === "send")).toEqual([]);
  });

  test("does not send what the server would close the line for", async () => {
    const client = world.member();
    await world.clock.pass(100);

    await client.send("长".repeat(30_000));
    await world.clock.pass(100);

    expect(client.thread().outbox[0]).toMatchObject({ state: "failed", code: 400 });
    expect(world.house.seen).toHaveLength(1);
  });
});

describe("an agent", () => {
  test("has the list, opens a conversation and follows it", async () => {
    world.house.conversation(9, 101);
    world.house.conversation(10, 102);
    world.house.say(9, "member", "a");
    world.house.say(10, "member", "b");
    const client = world.agent();
    const lines = heard(client, "conversation");
    await world.clock.pass(100);
    expect(client.conversations().map((line) => [line.conversation, line.unread, line.preview.content])).toEqual([
      [10, 1, "b"],
      [9, 1, "a"],
    ]);

    const opening = client.open(9);
    await world.clock.pass(10);
    const view = await opening;
    expect(view.messages.map((message) => message.content)).toEqual(["a"]);
    await client.send("answer", 9);
    client.read(undefined, 9);
    await world.clock.pass(10);
    world.house.say(10, "member", "more");
    await world.clock.pass(50);

    expect(texts(client, 9)).toEqual(["a", "answer"]);
    expect(client.conversations().map((line) => [line.conversation, line.unread, line.preview.content])).toEqual([
      [10, 2, "more"],
      [9, 0, "answer"],
    ]);
    expect(lines.length).toBeGreaterThan(3);
    expect(client.thread(10).messages).toEqual([]);
  });

  test("begins with the newest page of what is opened, not with the first", async () => {
    for (let n = 1; n <= 10; n += 1) world.house.say(9, "member", `${n}`);
    const client = world.agent();
    await world.clock.pass(100);
    void client.open(9);
    await world.clock.pass(100);
    expect(texts(client, 9)).toEqual(["7", "8", "9", "10"]);
    expect(client.thread(9)).toMatchObject({ unread: 10, complete: false });
  });

  test("hears that there is no such conversation", async () => {
    const client = world.agent();
    await world.clock.pass(100);
    await expect(Promise.all([client.open(404), world.clock.pass(100)])).rejects.toMatchObject({ code: 1013019000 });
  });

  test("opens a conversation when the server can answer, and not before it wishes", async () => {
    world.house.say(9, "member", "a");
    const client = world.agent();
    await world.clock.pass(100);
    world.house.refusesResume = () => ({ code: 503, msg: "later", retry_after: 4_000 });
    let view: unknown;
    void client.open(9).then((opened) => (view = opened.messages.length));
    await world.clock.pass(3_900);
    world.house.refusesResume = () => undefined;
    expect(view).toBeUndefined();
    await world.clock.pass(200);
    expect(view).toBe(1);
  });

  test("hears on the long poll, too, that there is no such conversation, and asks for it no more", async () => {
    world.house.noSockets = true;
    world.house.say(9, "member", "a");
    const client = world.agent();
    await world.clock.until(() => client.state.state === "polling");
    await world.clock.pass(1_000);
    let code: unknown;
    void client.open(404).catch((error: { code: number }) => (code = error.code));
    await world.clock.pass(100);
    expect(code).toBe(1013019000);
    const before = world.house.requests.length;
    await world.clock.pass(60_000);
    expect(world.house.requests.length - before).toBeLessThan(5);
  });

  test("tells the socket which conversations it follows no more", async () => {
    for (const id of [9, 10]) world.house.say(world.house.conversation(id, id).id, "member", "a");
    const client = world.agent();
    await world.clock.pass(100);
    void client.open(9);
    void client.open(10);
    await world.clock.pass(100);
    const line = world.house.seen[0]!;
    expect([...line.tracked]).toEqual([9, 10]);

    client.close(9);
    client.close(9);
    await world.clock.pass(100);

    expect([...line.tracked]).toEqual([10]);
    expect(line.said.filter((frame) => frame.ext?.drop)).toEqual([{ action: "resume", ext: { drop: [9] } }]);
  });

  test("asks for the list again when a frame does not join on", async () => {
    world.house.say(9, "member", "a");
    const client = world.agent();
    await world.clock.pass(100);
    world.house.loses = (frame) => frame.content === "b";
    world.house.say(9, "member", "b");
    world.house.say(9, "member", "c");
    await world.clock.pass(400);

    expect(client.conversations()[0]).toMatchObject({ unread: 3, seq: 3, change: 3 });
  });

  test("asks what changed after every reconnect, and when the server says it was too slow", async () => {
    world.house.say(9, "member", "a");
    const client = world.agent();
    await world.clock.pass(100);
    const before = world.house.requests.length;
    for (const line of world.house.lines) line.tell({ category: "system", action: "update", ext: { lagging: true } });
    await world.clock.pass(100);
    expect(world.house.requests.length).toBe(before + 1);

    world.house.cutAll();
    world.house.say(9, "member", "b");
    await world.clock.pass(2_000);
    expect(client.conversations()[0]).toMatchObject({ unread: 2, preview: { content: "b" } });
  });

  test("opens more conversations than fit into one question", async () => {
    for (let id = 100; id < 200; id += 1) world.house.say(world.house.conversation(id, id).id, "member", `${id}`);
    const client = world.agent();
    await world.clock.pass(100);
    for (let id = 100; id < 200; id += 1) void client.open(id);
    await world.clock.pass(500);
    world.house.cutAll();
    for (let id = 100; id < 200; id += 1) world.house.say(id, "member", "more");
    await world.clock.pass(10_000);

    for (let id = 100; id < 200; id += 1) expect(texts(client, id)).toEqual([`${id}`, "more"]);
    const asked = world.house.seen.at(-1)!.said.map((frame) => frame.ext?.resume?.length ?? 0);
    expect(Math.max(...asked)).toBe(64);
  });
});

describe("typing", () => {
  test("is said at most once in two seconds, and shown for six", async () => {
    world.house.say(9, "member", "a");
    const [member, agent] = [world.member(), world.agent()];
    await world.clock.pass(100);
    void agent.open(9);
    await world.clock.pass(100);
    const typing = heard(agent, "typing");

    for (let n = 0; n < 30; n += 1) {
      member.typing(true);
      await world.clock.pass(100);
    }
    expect(agent.thread(9).typing).toEqual(["member:101"]);
    expect(world.house.seen[0]!.said.filter((frame) => frame.action === "typing")).toHaveLength(2);
    await world.clock.pass(6_100);

    expect(agent.thread(9).typing).toEqual([]);
    expect(typing.map(({ on }) => on)).toEqual([true, false]);
  });

  test("ends with the message that was typed", async () => {
    world.house.say(9, "member", "a");
    const [member, agent] = [world.member(), world.agent()];
    await world.clock.pass(100);
    void agent.open(9);
    member.typing(true);
    await world.clock.pass(100);
    await member.send("b");
    await world.clock.pass(100);
    expect(agent.thread(9).typing).toEqual([]);
  });

  test("the last word is the truth, even if it comes too early", async () => {
    world.house.say(9, "member", "a");
    const member = world.member();
    await world.clock.pass(100);
    member.typing(true);
    member.typing(false);
    await world.clock.pass(3_000);
    const said = world.house.seen[0]!.said.filter((frame) => frame.action === "typing").map((frame) => frame.content);
    expect(said).toEqual(["on", "off"]);
  });
});
