import type { KefuClient } from "@kefu/client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sendBody, type Draft } from "../../client/src/draft.js";
import { House } from "../src/house.js";
import { person, shown, told, when } from "../src/people.js";

let house: House;
let me: number;
let member: KefuClient;
let agent: KefuClient;
let conversation: number;
const others: KefuClient[] = [];

/** A member who has said hello, and an agent who looks at it. */
beforeEach(async () => {
  house = await House.open();
  me = house.newMember();
  [member, agent] = [await person(house, "member", me), await person(house, "admin", me)];
  await member.send("hello");
  await when(member, () => member.thread().messages.length === 1 && member.thread().outbox.length === 0);
  conversation = Number(member.thread().conversation);
  await agent.open(conversation);
});

afterEach(async () => {
  for (const client of [member, agent, ...others.splice(0)]) client.stop();
  await house.close();
});

/** Everything was sent, and everybody shows what the database holds. */
async function agreed(count: number): Promise<void> {
  const settled = (client: KefuClient, of?: number) => () => {
    const view = client.thread(of);
    return view.outbox.length === 0 && view.caughtUp && view.messages.at(-1)?.seq === count;
  };
  await Promise.all([when(member, settled(member)), when(agent, settled(agent, conversation))]);
  expect(shown(member)).toEqual(told(await house.rows(me)));
  expect(shown(agent, conversation)).toEqual(told(await house.rows(me, "agent", conversation)));
}

test("two hundred messages that came while the network was away are caught up with, in order, each announced once", async () => {
  const announced: number[] = [];
  member.on("message", ({ message }) => announced.push(message.seq));
  house.gate.set("refusing");
  for (let n = 1; n <= 200; n += 1) await house.say("agent", me, `${n}`, conversation);
  await member.send("said offline");
  expect(member.thread().outbox).toHaveLength(1);

  house.gate.set("open");

  await agreed(202);
  expect(announced).toEqual(Array.from({ length: 201 }, (_, at) => at + 2));
});

test("a server that is killed while both sides send loses nothing and doubles nothing", async () => {
  const sending = async (client: KefuClient, name: string, to?: number) => {
    for (let n = 1; n <= 30; n += 1) {
      await client.send(`${name} ${n}`, to);
      if (n % 10 === 0) await when(client, () => client.thread(to).messages.some(({ content }) => content === `${name} ${n - 8}`));
    }
  };
  const crashing = async () => {
    await when(member, () => (member.thread().messages.length ?? 0) > 8);
    await house.crash();
    await when(member, () => (member.thread().messages.length ?? 0) > 30);
    await house.crash();
  };

  await Promise.all([sending(member, "member"), sending(agent, "agent", conversation), crashing()]);

  await agreed(61);
  const rows = await house.rows(me);
  const said = (by: string) => rows.filter((row) => row.by === by).map(({ text }) => text);
  const numbered = (name: string) => Array.from({ length: 30 }, (_, at) => `${name} ${at + 1}`);
  expect(said("member")).toEqual(["hello", ...numbered("member")]);
  expect(said("agent")).toEqual(numbered("agent"));
});

test("a server that is asked to stop sends its clients away, and they come back to the next one", async () => {
  await member.send("before");
  await when(agent, () => agent.thread(conversation).messages.length === 2);
  await house.restart();
  await member.send("after");
  await agent.send("after too", conversation);
  await agreed(4);
});

test("where no socket gets through, the long poll carries everything, and sockets take over again", async () => {
  house.gate.set("socketless");
  house.gate.cut();
  await when(member, () => member.state.state === "polling");
  await when(agent, () => agent.state.state === "polling");

  await member.send("over http");
  await agent.send("also over http", conversation);
  await agreed(3);
  const message = member.thread().messages.at(-2)!;
  await member.revoke(message);
  await when(agent, () => agent.thread(conversation).at(message.seq)?.revoked === true);

  house.gate.set("open");
  await when(member, () => member.state.state === "online");
  await when(agent, () => agent.state.state === "online");
  await member.send("over a socket");
  await agreed(4);
});

test("what is quoted, taken back, deleted, read and typed is seen by the other side", async () => {
  const question = agent.thread(conversation).messages[0]!;
  await agent.send({ content: "what do you mean?", quote: question.id }, conversation);
  await when(member, () => member.thread().messages.length === 2);
  expect(member.thread().messages[1]).toMatchObject({ quote: question.id, quoteSeq: 1 });
  expect(member.thread().unread).toBe(1);

  member.typing(true);
  await when(agent, () => agent.thread(conversation).typing.includes(`member:${me}`));
  member.typing(false);
  await when(agent, () => agent.thread(conversation).typing.length === 0);

  member.read();
  await when(agent, () => agent.thread(conversation).isRead(agent.thread(conversation).messages[1]!));
  await when(member, () => member.thread().unread === 0);

  await member.revoke(member.thread().messages[0]!);
  await when(agent, () => agent.thread(conversation).at(1)?.revoked === true);
  expect(agent.thread(conversation).at(1)?.content).toBe("消息已撤回");
  await expect(member.revoke(member.thread().messages[1]!)).rejects.toMatchObject({ code: 1013020001 });

  await agent.delete(agent.thread(conversation).messages[1]!);
  await when(agent, () => agent.thread(conversation).messages.length === 1);
  expect(member.thread().messages).toHaveLength(2);
  await agent.send("last", conversation);
  await agreed(3);
});

describe("one key over the socket and over HTTP is one message", () => {
  const url = "https://mall.example/p?id=7&from=你";
  const product = '{"spuId":7,"spuName":"杯","picUrl":null,"price":8900,"salesCount":1,"stock":4} \n';
  const order = '{"id":7,"no":"A7","items":[{"properties":[]}],"payPrice":1}';
  const drafts: [string, Draft][] = [
    ["a text", { content: 'a "b" <c> {' }],
    ["a text that leads somewhere", { content: 'a "b" <c>', url }],
    ["a card", { style: "card", content: product }],
    ["a card that leads somewhere", { style: "card", content: product, url }],
    ["an order that leads somewhere", { style: "order", content: order, url: "/orders/7" }],
    ["a file", { kind: "file", content: "/f.pdf", name: "f.pdf", size: 9 }],
  ];
  test.each(drafts)("%s", async (_, draft) => {
    const { key } = await member.send(draft);
    const stored = () => member.thread().messages.find(({ clientMsgId }) => clientMsgId === key);
    await when(member, () => stored() !== undefined);

    const answer = await house.post("member", me, sendBody(draft, key));

    expect(answer).toBe(stored()?.id);
    await when(agent, () => agent.thread(conversation).messages.length === 2);
    expect(agent.thread(conversation).messages[1]?.url).toBe(draft.url);
    expect(member.thread().messages[1]?.url).toBe(draft.url);
  });
});

test("two clients of one member stay in step", async () => {
  const twin = await person(house, "member", me);
  others.push(twin);
  await when(twin, () => twin.thread().messages.length === 1);

  for (let n = 1; n <= 10; n += 1) await (n % 2 ? member : twin).send(`${n}`);
  await agent.send("seen", conversation);
  await when(twin, () => twin.thread().messages.length === 12 && twin.thread().unread === 1);
  twin.read();
  await when(member, () => member.thread().messages.length === 12 && member.thread().unread === 0);
  await member.delete(member.thread().messages[4]!);
  await when(twin, () => twin.thread().messages.length === 11);

  await agreed(12);
  expect(shown(twin)).toEqual(shown(member));
});
