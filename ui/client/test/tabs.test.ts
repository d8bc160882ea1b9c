import { beforeEach, describe, expect, test } from "vitest";
import type { KefuClient } from "../src/client";
import { Election, type Vote } from "../src/election";
import { MemoryStorage } from "../src/storage";
import { Browser, Page, World } from "./support/world";

let world: World;
let browser: Browser;
let storage: MemoryStorage;
beforeEach(() => {
  world = new World();
  browser = new Browser(world.clock);
  storage = new MemoryStorage();
});

const texts = (client: KefuClient, conversation?: number) => client.thread(conversation).messages.map((message) => message.content);

/** A tab of one account in one browser. */
function tab(locks: boolean, side: "member" | "agent" = "member"): { client: KefuClient; page: Page } {
  const page = new Page();
  const env = { channel: browser.channel, locks: locks ? browser.locks : undefined, page };
  return { client: world[side]({ account: "101", storage }, env), page };
}

describe.each([
  ["locks", true],
  ["votes", false],
])("tabs that choose their leader by %s", (_, locks) => {
  test("have one socket, and all see the same", async () => {
    world.house.say(9, "admin", "a");
    const tabs = [tab(locks), tab(locks), tab(locks)].map(({ client }) => client);
    await world.clock.pass(2_000);
    world.house.say(9, "admin", "b");
    await tabs[2]!.send("from the third");
    await tabs[1]!.send("from the second");
    await world.clock.pass(1_000);

    expect(tabs.filter((client) => client.state.leading)).toHaveLength(1);
    expect(world.house.seen).toHaveLength(1);
    for (const client of tabs) {
      expect(texts(client)).toEqual(["a", "b", "from the third", "from the second"]);
      expect(client.thread().outbox).toEqual([]);
      expect(client.state.state).toBe("online");
      expect(client.me).toBe("member:101");
    }
  });

  test("have a new leader at once when the old one goes", async () => {
    const [first, second] = [tab(locks), tab(locks)];
    await world.clock.pass(2_000);
    const [leader, other] = first.client.state.leading ? [first, second] : [second, first];

    leader.page.hide();
    await world.clock.pass(1_000);
    world.house.say(9, "admin", "after");
    await other.client.send("still here");
    await world.clock.pass(1_000);

    expect(other.client.state).toMatchObject({ state: "online", leading: true });
    expect(leader.client.state.leading).toBe(false);
    expect(texts(other.client)).toEqual(["after", "still here"]);
    expect(world.house.lines.size).toBe(1);

    leader.page.wake();
    await world.clock.pass(2_000);
    expect(leader.client.state.leading).toBe(false);
    expect(texts(leader.client)).toEqual(["after", "still here"]);
  });

  test("what one tab said is sent by the next leader when the first dies with it, once", async () => {
    const [first, second] = [tab(locks), tab(locks)];
    await world.clock.pass(2_000);
    const [leader, other] = first.client.state.leading ? [first, second] : [second, first];
    world.house.cutAfterCommit = 1;
    world.house.loses = (frame) => frame.action === "send";

    const entry = await other.client.send("once");
    await world.clock.pass(5);
    leader.client.stop();
    world.house.loses = () => false;
    await world.clock.pass(5_000);

    expect(world.house.conversation(9).rows.map((row) => row.key)).toEqual([entry.key]);
    expect(texts(other.client)).toEqual(["once"]);
    expect(other.client.thread().outbox).toEqual([]);
    expect(await storage.all()).toEqual([]);
  });

  test("a failed entry can be tried again and thrown away from any tab", async () => {
    const [first, second] = [tab(locks), tab(locks)];
    await world.clock.pass(2_000);
    world.house.refuses = () => ({ code: 400, msg: "no" });
    const other = first.client.state.leading ? second : first;
    const [one, two] = [await other.client.send("again"), await other.client.send("away")];
    await world.clock.pass(1_000);
    for (const { client } of [first, second]) expect(client.thread().outbox.map(({ state }) => state)).toEqual(["failed", "failed"]);

    world.house.refuses = undefined;
    other.client.retry(one.key);
    other.client.discard(two.key);
    await world.clock.pass(1_000);

    for (const { client } of [first, second]) {
      expect(texts(client)).toEqual(["again"]);
      expect(client.thread().outbox).toEqual([]);
    }
    expect(await storage.all()).toEqual([]);
  });
});

test("a tab that was frozen catches up when it is looked at again", async () => {
  world.house.say(9, "admin", "a");
  const [leader, other] = [tab(true), tab(true)];
  await world.clock.pass(1_000);
  expect(leader.client.state.leading).toBe(true);
  const frozen = [...browser.channels][1]!;

  frozen.frozen = true;
  world.house.say(9, "admin", "b");
  world.house.revoke(9, 1);
  await world.clock.pass(100);
  expect(texts(other.client)).toEqual(["a"]);
  frozen.frozen = false;
  other.page.wake();
  await world.clock.pass(100);

  expect(texts(other.client)).toEqual(["消息已撤回", "b"]);
});

test("a page that goes on from the leader's cursor does not pass over what another tab misses", async () => {
  world.house.say(9, "admin", "a");
  const [leader, other] = [tab(true), tab(true)];
  await world.clock.pass(1_000);
  const channel = [...browser.channels][1]!;
  channel.frozen = true;
  world.house.revoke(9, 1);
  await world.clock.pass(100);
  channel.frozen = false;

  world.house.loses = (frame) => frame.content === "c";
  world.house.say(9, "admin", "c");
  world.house.say(9, "admin", "d");
  world.house.away = true;
  await world.clock.pass(100);
  expect(texts(leader.client)).toEqual(["消息已撤回", "c", "d"]);
  expect(texts(other.client)).toEqual(["a"]);
  world.house.away = false;
  await world.clock.pass(10_000);

  for (const { client } of [leader, other]) expect(texts(client)).toEqual(["消息已撤回", "c", "d"]);
});

test("a new leader sends what it never heard of, from what is written down", async () => {
  const [leader, other] = [tab(true), tab(true)];
  await world.clock.pass(1_000);
  world.house.deaf = true;
  const channel = [...browser.channels][1]!;
  channel.frozen = true;
  const entry = await leader.client.send("said in the other tab");
  await world.clock.pass(100);
  expect(other.client.thread().outbox).toEqual([]);

  leader.client.stop();
  channel.frozen = false;
  world.house.deaf = false;
  await world.clock.pass(1_000);

  expect(world.house.conversation(9).rows.map((row) => row.key)).toEqual([entry.key]);
  expect(texts(other.client)).toEqual(["said in the other tab"]);
});

test("a leader that was frozen gives way when it thaws", async () => {
  const [first, second] = [tab(false), tab(false)];
  await world.clock.pass(1_000);
  const leaderAt = first.client.state.leading ? 0 : 1;
  const channel = [...browser.channels][leaderAt]!;
  channel.frozen = true;
  await world.clock.pass(5_000);
  expect([first, second].filter(({ client }) => client.state.leading)).toHaveLength(2);

  channel.frozen = false;
  // Whoever of the two speaks first, only one goes on.
  [first, second][leaderAt]!.page.wake();
  tab(false);
  await world.clock.pass(3_000);

  expect([first, second].filter(({ client }) => client.state.leading)).toHaveLength(1);
  expect(world.house.lines.size).toBe(1);
});

test("what comes as a message while its entry is being forgotten stays in no tab's outbox", async () => {
  class Slow extends MemoryStorage {
    override async remove(key: string): Promise<void> {
      await new Promise<void>((go) => world.clock.after(50, go));
      return super.remove(key);
    }
  }
  storage = new Slow();
  world.house.say(9, "admin", "a");
  const [leader, other] = [tab(true), tab(true)];
  await world.clock.pass(1_000);
  // The answer overtakes the frame, which comes with the next one.
  world.house.loses = (frame) => frame.category === "customer";
  await other.client.send("b");
  await world.clock.pass(10);
  world.house.loses = () => false;
  world.house.say(9, "admin", "c");
  await world.clock.pass(1_000);

  for (const { client } of [leader, other]) {
    expect(texts(client)).toEqual(["a", "b", "c"]);
    expect(client.thread().outbox).toEqual([]);
  }
  expect(await storage.all()).toEqual([]);
});

test("a tab that follows hears by itself that there is no such conversation", async () => {
  const [, other] = [tab(true, "agent"), tab(true, "agent")];
  await world.clock.pass(1_000);
  let code: unknown;
  void other.client.open(404).catch((error: { code: number }) => (code = error.code));
  await world.clock.pass(1_000);
  expect(code).toBe(1013019000);
});

test("what a tab that follows has read is told again when the server wishes", async () => {
  world.house.say(9, "admin", "a");
  const [, other] = [tab(true), tab(true)];
  await world.clock.pass(1_000);
  world.house.refusesRead = () => ({ code: 503, msg: "later", retry_after: 30_000 });
  other.client.read();
  await world.clock.pass(29_900);
  world.house.refusesRead = () => undefined;
  expect(world.house.seen[0]!.said.filter((frame) => frame.action === "read")).toHaveLength(1);
  await world.clock.pass(200);
  expect(world.house.conversation(9).memberRead).toBe(1);
});

test("what one tab opened and closed is followed no more, and what another has open is", async () => {
  for (const id of [9, 10]) world.house.say(world.house.conversation(id, id).id, "member", "a");
  const [leader, other] = [tab(true, "agent"), tab(true, "agent")];
  await world.clock.pass(1_000);
  void other.client.open(9);
  void other.client.open(10);
  void leader.client.open(10);
  await world.clock.pass(100);
  for (const id of [9, 10]) other.client.close(id);
  await world.clock.pass(100);
  expect([...world.house.seen[0]!.tracked]).toEqual([10]);
});

test("an agent's tabs each follow what is open in them", async () => {
  world.house.say(9, "member", "a");
  world.house.say(world.house.conversation(10, 102).id, "member", "b");
  const [first, second] = [tab(true, "agent"), tab(true, "agent")];
  await world.clock.pass(1_000);
  void first.client.open(9);
  const opening = second.client.open(10);
  await world.clock.pass(100);
  await opening;
  const heard: string[] = [];
  first.client.on("message", ({ message }) => heard.push(message.content));

  world.house.say(9, "member", "to the first");
  world.house.say(10, "member", "to the second");
  await second.client.send("answer", 10);
  second.client.typing(true, 10);
  await world.clock.pass(100);
  second.client.read(undefined, 10);
  await world.clock.pass(1_000);

  expect(texts(first.client, 9)).toEqual(["a", "to the first"]);
  expect(texts(second.client, 10)).toEqual(["b", "to the second", "answer"]);
  expect(heard).toEqual(["to the first"]);
  expect(world.house.seen).toHaveLength(1);
  expect(world.house.seen[0]!.said.some((frame) => frame.action === "typing")).toBe(true);
  for (const { client } of [first, second]) {
    expect(client.conversations().find((line) => line.conversation === 10)).toMatchObject({ unread: 0, preview: { content: "answer" } });
  }

  first.client.stop();
  world.house.say(10, "member", "later");
  await world.clock.pass(2_000);
  expect(texts(second.client, 10)).toEqual(["b", "to the second", "answer", "later"]);
  expect(second.client.state.leading).toBe(true);
});

test("what a tab asks through a leader that dies is asked over HTTP", async () => {
  world.house.say(9, "admin", "a");
  const [leader, other] = [tab(true), tab(true)];
  await world.clock.pass(1_000);
  world.house.deaf = true;
  const deleting = other.client.delete(other.client.thread().messages[0]!);
  await world.clock.pass(100);
  leader.client.stop();
  world.house.deaf = false;
  await world.clock.pass(1_000);
  await deleting;
  expect(texts(other.client)).toEqual([]);
});

test("without an account every tab stands alone", async () => {
  const env = { channel: browser.channel, locks: browser.locks };
  const [one, two] = [world.member({}, env), world.member({ token: async () => "member:102" }, env)];
  await world.clock.pass(1_000);
  expect([one, two].map((client) => client.state.leading)).toEqual([true, true]);
  expect(browser.channels.size).toBe(0);
});

describe("an election", () => {
  test("of any number of tabs that begin at once has one winner, whatever the order of the votes", () => {
    for (let n = 2; n <= 6; n += 1) {
      const tabs = Array.from({ length: n }, (_, at) => new Election(`tab-${(at * 7) % n}`));
      let now = 0;
      let votes: Vote[] = tabs.flatMap((one) => one.join(now));
      for (; now < 2_000; now += 50) {
        const heard = votes;
        votes = [];
        for (const vote of n % 2 ? heard : heard.reverse()) for (const one of tabs) votes.push(...one.hear(vote, now));
        for (const one of tabs) votes.push(...one.tick(now));
      }
      expect(tabs.map((one) => one.role).filter((role) => role === "leader"), `${n} tabs`).toHaveLength(1);
    }
  });

  test("a leader answers a claim at once, and nobody takes its place", () => {
    const leader = new Election("z");
    leader.join(0);
    leader.tick(300);
    const other = new Election("a");
    const claim = other.join(1_000)[0]!;
    for (const vote of leader.hear(claim, 1_000)) other.hear(vote, 1_001);
    expect([leader.role, other.role]).toEqual(["leader", "follower"]);
  });

  test("a silent leader is replaced", () => {
    const other = new Election("a");
    other.join(0);
    other.hear({ vote: "lead", tab: "z" }, 10);
    other.tick(other.next);
    expect(other.role).toBe("candidate");
    other.tick(other.next);
    expect(other.role).toBe("leader");
  });
});
