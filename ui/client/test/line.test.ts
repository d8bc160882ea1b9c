import { beforeEach, describe, expect, test } from "vitest";
import type { KefuClient } from "../src/client";
import type { Events } from "../src/events";
import { World } from "./support/world";

let world: World;
beforeEach(() => {
  world = new World();
});

const texts = (client: KefuClient) => client.thread().messages.map((message) => message.content);

function states(client: KefuClient): string[] {
  const list: string[] = [];
  client.on("state", ({ state }: Events["state"]) => list.push(state));
  return list;
}

describe("the watch over the socket", () => {
  test.each(["deaf", "mute"] as const)("takes it for dead after two heartbeats that nobody answered: a server that is %s", async (how) => {
    world.house.say(9, "admin", "a");
    const client = world.member();
    await world.clock.pass(30_000);
    expect(world.house.seen).toHaveLength(1);

    world.house[how] = true;
    world.house.say(9, "admin", "b");
    await world.clock.pass(49_000);
    expect(world.house.seen).toHaveLength(1);
    world.house.say(9, "admin", "c");
    world.house[how] = false;
    await world.clock.pass(3_000);

    expect(world.house.seen.map((line) => line.open)).toEqual([false, true]);
    expect(texts(client)).toEqual(["a", "b", "c"]);
  });

  test("does not close a socket whose heartbeats are answered", async () => {
    const client = world.member();
    await world.clock.pass(600_000);
    expect(world.house.seen).toHaveLength(1);
    expect(world.house.seen[0]!.said.filter((frame) => frame.category === "heartbeat").length).toBeGreaterThanOrEqual(29);
    client.stop();
  });

  test("does not trust a socket when somebody comes back to the page", async () => {
    const client = world.member();
    await world.clock.pass(1_000);
    world.house.mute = true;
    world.page.wake();
    await world.clock.pass(4_900);
    expect(client.state.state).toBe("online");
    world.house.mute = false;
    await world.clock.pass(1_500);

    expect(world.house.seen).toHaveLength(2);
    expect(client.state.state).toBe("online");
  });

  test("gives a socket up that opens and then says nothing", async () => {
    world.house.mute = true;
    const client = world.member();
    await world.clock.pass(10_001);
    world.house.mute = false;
    await world.clock.pass(1_500);
    expect(world.house.seen).toHaveLength(2);
    expect(client.state.state).toBe("online");
  });
});

describe("coming back", () => {
  test("waits longer and longer, up to thirty seconds, and never for the same time", async () => {
    world.house.away = true;
    const client = world.member();
    const waits: number[] = [];
    client.on("state", ({ state, retryAt }) => {
      if (state === "waiting" && retryAt !== undefined) waits.push(retryAt - world.clock.now());
    });
    await world.clock.pass(20_000);
    expect(waits.length).toBeGreaterThan(2);
    expect(new Set(waits).size).toBe(waits.length);
    expect(waits[0]).toBeLessThanOrEqual(1_000);
    expect(waits[1]).toBeLessThanOrEqual(2_000);
    const before = world.house.seen.length;
    await world.clock.pass(600_000);
    const attempts = world.house.seen.length - before;
    expect(attempts).toBeGreaterThan(20);
    expect(attempts).toBeLessThan(120);
  });

  test("happens at once when the page is looked at again or has a network again", async () => {
    world.house.away = true;
    const client = world.member();
    await world.clock.pass(120_000);
    world.house.away = false;

    world.page.wake();
    await world.clock.pass(10);

    expect(client.state.state).toBe("online");
  });

  test("goes to the next address when one fails", async () => {
    const client = world.member({ base: ["http://one", "http://two/under/"] });
    await world.clock.pass(100);
    world.house.cutAll();
    await world.clock.pass(2_000);
    expect(world.house.seen.map((line) => line.url)).toEqual(["ws://one/infra/ws", "ws://two/under/infra/ws"]);
    expect(client.state.state).toBe("online");
  });

  test("after a bye happens within its window, and on another node", async () => {
    const world2 = new World();
    const clients = Array.from({ length: 40 }, () => world2.member({ base: ["http://one", "http://two"] }));
    await world2.clock.pass(100);
    const start = world2.clock.now();
    const moments: number[] = [];
    for (const line of world2.house.lines) line.tell({ category: "system", action: "bye", ext: { within: 5_000 } });
    await world2.clock.until(() => {
      while (moments.length < world2.house.seen.length - 40) moments.push(world2.clock.now() - start);
      return moments.length === 40;
    });
    await world2.clock.pass(100);

    expect(Math.max(...moments)).toBeLessThanOrEqual(5_010);
    expect(moments.filter((moment) => moment < 2_500).length).toBeGreaterThan(8);
    expect(moments.filter((moment) => moment > 2_500).length).toBeGreaterThan(8);
    expect(world2.house.seen.slice(40).every((line) => line.url.includes("two"))).toBe(true);
    expect(clients.every((client) => client.state.state === "online")).toBe(true);
  });

  test("a send that meets the bye goes through on the next node, once", async () => {
    const client = world.member({ base: ["http://one", "http://two"] });
    await world.clock.pass(100);
    for (const line of world.house.lines) line.tell({ category: "system", action: "bye", ext: { within: 1_000 } });
    world.house.deaf = true;
    await client.send("meanwhile");
    await world.clock.pass(5);
    world.house.deaf = false;
    await world.clock.pass(3_000);
    expect(texts(client)).toEqual(["meanwhile"]);
  });

  test("resumes from what was applied, under the name of the database's life", async () => {
    world.house.say(9, "admin", "a");
    world.member();
    await world.clock.pass(100);
    world.house.cutAll();
    await world.clock.pass(2_000);
    const [first, second] = world.house.seen.map((line) => line.said[0]);
    expect(first).toEqual({ action: "auth", content: "member:101", ext: { shop: 0, resume: [] } });
    expect(second).toEqual({ action: "auth", content: "member:101", ext: { shop: 0, epoch: "a1", resume: [[9, 1, 1]] } });
  });
});

describe("a refusal", () => {
  test("of the token makes the client ask for a new one, and say so if that is refused too", async () => {
    const asked: (boolean | undefined)[] = [];
    world.house.refusesTokens = true;
    const token = async (refused?: boolean) => {
      asked.push(refused);
      return "member:101";
    };
    const client = world.member({ token });
    const heard = states(client);
    await world.clock.pass(5_000);
    expect(asked.slice(0, 2)).toEqual([false, true]);
    expect(heard).toContain("denied");

    world.house.refusesTokens = false;
    await world.clock.pass(60_000);
    expect(client.state.state).toBe("online");
  });

  test("with a time to wait is obeyed, and is no reason for the long poll", async () => {
    const client = world.member();
    const heard = states(client);
    world.house.hear = (line) => {
      line.tell({ category: "ack", action: "auth", ext: { code: 503, retry_after: 9_000 } });
    };
    await world.clock.pass(9_000);
    expect(world.house.seen).toHaveLength(1);
    await world.clock.pass(120_000);
    expect(world.house.seen.length).toBeGreaterThan(3);
    expect(heard).not.toContain("polling");
  });

  test("for good is reported once, and tried again slowly", async () => {
    world.house.refusesEntry = { ext: { code: 1013021000, msg: "店铺不存在" }, close: 1008 };
    const client = world.member();
    const heard = states(client);
    const errors: unknown[] = [];
    client.on("error", (error) => errors.push(error));
    await world.clock.pass(100);
    expect(client.state.state).toBe("denied");
    await world.clock.pass(120_000);

    expect(errors).toEqual([{ code: 1013021000, message: "店铺不存在" }]);
    expect(world.house.seen.length).toBeGreaterThanOrEqual(5);
    expect(world.house.seen.length).toBeLessThanOrEqual(9);
    expect(heard).not.toContain("polling");

    world.house.refusesEntry = undefined;
    await world.clock.pass(30_100);
    expect(client.state.state).toBe("online");
  });

  test("a page that gives no token is asked again later, and told once what was wrong", async () => {
    let tries = 0;
    const client = world.member({
      token: async () => {
        if (++tries < 5) throw new Error("not logged in");
        return "member:101";
      },
    });
    const errors: unknown[] = [];
    client.on("error", (error) => errors.push(error));
    await world.clock.pass(60_000);
    expect(client.state.state).toBe("online");
    expect(tries).toBe(5);
    expect(errors).toEqual([{ code: 0, message: "token() failed: not logged in" }]);
  });

  test.each([
    ["undefined", undefined, "a token is a text, this was undefined"],
    ["null", null, "a token is a text, this was null"],
    ["an empty text", "", "a token is a text, this was empty"],
    ["a promise that nobody keeps", new Promise(() => {}), "nothing came of it within 15 s"],
  ])("%s is no token, and the server is not bothered with it", async (_, given, reason) => {
    const client = world.member({ token: (() => given) as never });
    const errors: unknown[] = [];
    client.on("error", (error) => errors.push(error));
    await world.clock.pass(120_000);
    expect(errors).toEqual([{ code: 0, message: `token() failed: ${reason}` }]);
    expect(world.house.seen).toEqual([]);
    expect(world.house.requests).toEqual([]);
  });

  test("each reason is told once, without the token that stands in it, and again once a token came in between", async () => {
    world.house.noSockets = true;
    const token = "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MTAxfQ";
    let reasons = ["storage is gone", `HTTP 500 for ${token}`];
    let asked = 0;
    const client = world.member({
      token: () => {
        asked += 1;
        if (reasons.length > 0) throw new Error(reasons[asked % reasons.length]);
        return Promise.resolve("member:101");
      },
    });
    const errors: string[] = [];
    client.on("error", ({ message }) => errors.push(message));
    const both = ["token() failed: HTTP 500 for …", "token() failed: storage is gone"];
    await world.clock.pass(300_000);
    expect(asked).toBeGreaterThan(10);
    expect(errors).toEqual(both);

    reasons = [];
    await world.clock.until(() => client.state.state === "polling");
    reasons = ["storage is gone"];
    const before = asked;
    await world.clock.until(() => asked > before + 10, 600_000);
    expect(errors).toEqual([...both, "token() failed: storage is gone"]);
    client.stop();
  });
});

describe("where no socket gets through", () => {
  test("the long poll brings and takes messages, and gives way when a socket is there again", async () => {
    world.house.noSockets = true;
    world.house.say(9, "admin", "a");
    const client = world.member();
    const heard = states(client);
    await world.clock.until(() => client.state.state === "polling");
    await world.clock.pass(100);
    expect(texts(client)).toEqual(["a"]);

    world.house.say(9, "admin", "b");
    await world.clock.pass(50);
    await client.send("c");
    await world.clock.pass(50);
    expect(texts(client)).toEqual(["a", "b", "c"]);
    expect(client.thread().outbox).toEqual([]);
    expect(world.house.requests).toContain("POST kefu-message/send");
    client.read();
    await world.clock.pass(50);
    expect(world.house.conversation(9).memberRead).toBe(3);

    world.house.noSockets = false;
    await world.clock.until(() => client.state.state === "online");
    await world.clock.pass(100);
    const polls = world.house.requests.length;
    world.house.say(9, "admin", "d");
    await world.clock.pass(60_000);
    expect(texts(client)).toEqual(["a", "b", "c", "d"]);
    expect(world.house.requests.length).toBe(polls);
    expect(heard).toContain("polling");
  });

  test("as in a Node without a WebSocket, where opening one throws, the long poll does the work, and nothing is thrown later", async () => {
    world.house.say(9, "admin", "a");
    let opened = 0;
    const socket = () => {
      opened += 1;
      throw new ReferenceError("WebSocket is not defined");
    };
    const client = world.member({ env: world.env({ socket }) });
    await world.clock.until(() => client.state.state === "polling");
    await client.send("b");
    await world.clock.pass(120_000);
    expect(texts(client)).toEqual(["a", "b"]);
    expect(opened).toBeGreaterThan(3);

    client.stop();
    await world.clock.pass(60_000);
    expect(world.clock.pending).toBe(0);
  });

  test("nobody is told of a long poll that does not get through either", async () => {
    world.house.away = true;
    const client = world.member();
    const heard = states(client);
    await world.clock.pass(600_000);
    expect(client.state.state).toMatch(/connecting|waiting/);
    expect(heard).not.toContain("polling");
  });

  test("a first word opens the conversation", async () => {
    world.house.noSockets = true;
    const client = world.member();
    await world.clock.until(() => client.state.state === "polling");
    await client.send("first");
    await world.clock.pass(3_000);
    expect(texts(client)).toEqual(["first"]);
  });

  test("a refused send waits as long as the server wishes, and keeps its key", async () => {
    world.house.noSockets = true;
    const client = world.member();
    await world.clock.until(() => client.state.state === "polling");
    world.house.refuses = () => ({ code: 429, msg: "slow", retry_after: 8_000 });
    const entry = await client.send("x");
    await world.clock.pass(7_000);
    world.house.refuses = undefined;
    await world.clock.pass(200);
    expect(world.house.conversations.size).toBe(0);
    await world.clock.pass(8_000);
    expect(world.house.conversation(9).rows.map((row) => row.key)).toEqual([entry.key]);
  });

  test("200 messages that were missed come in pages, in order", async () => {
    world.house.noSockets = true;
    world.house.say(9, "admin", "0");
    const client = world.member();
    await world.clock.until(() => client.state.state === "polling");
    await world.clock.pass(100);
    world.house.away = true;
    await world.clock.pass(30_000);
    for (let n = 1; n <= 200; n += 1) world.house.say(9, "admin", `${n}`);
    await world.clock.pass(30_000);
    world.house.away = false;
    await world.clock.until(() => client.thread().messages.length === 201);
    expect(texts(client)).toEqual(Array.from({ length: 201 }, (_, n) => `${n}`));
  });
});

test("a client that was stopped leaves no timer and no socket behind", async () => {
  world.house.say(9, "member", "a");
  const [member, agent] = [world.member(), world.agent()];
  await world.clock.pass(100);
  const opening = agent.open(9);
  await world.clock.pass(100);
  await opening;
  member.typing(true);
  await world.clock.pass(100);

  member.stop();
  agent.stop();
  await world.clock.pass(100);

  expect(world.clock.pending).toBe(0);
  expect(world.house.lines.size).toBe(0);
  expect(member.state.state).toBe("stopped");
});
