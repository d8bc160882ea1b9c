import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { createClient, type KefuClient } from "../src/client";
import type { Clock } from "./support/clock";
import { shown, truth } from "./support/model";
import { House } from "./support/server";

/** The time of the wall. */
const wall = {
  now: () => Date.now(),
  after: (ms: number, act: () => void) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
} as Clock;

let house: House;
let server: Server;
let sockets: WebSocketServer;
let base: string;
const clients: KefuClient[] = [];

beforeEach(async () => {
  house = new House(wall);
  server = createServer((request, response) => {
    void answer(request).then(({ status, headers, text }) => {
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
    });
  });
  sockets = new WebSocketServer({ server, path: "/infra/ws", handleProtocols: (names) => (names.has("kefu.v2") ? "kefu.v2" : false) });
  sockets.on("connection", (socket) => {
    const line = house.socket("real");
    line.onmessage = (({ data }: { data: string }) => socket.send(data)) as never;
    line.onclose = (() => socket.terminate()) as never;
    socket.on("message", (data) => line.send(String(data)));
    socket.on("close", () => line.close());
  });
  await new Promise<void>((go) => server.listen(0, "127.0.0.1", go));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.stop();
  sockets.close();
  server.closeAllConnections();
  await new Promise((go) => server.close(go));
});

async function answer(request: IncomingMessage): Promise<{ status: number; headers: Record<string, string>; text: string }> {
  let body = "";
  for await (const part of request) body += String(part);
  const init = { method: request.method ?? "GET", headers: { authorization: String(request.headers.authorization) }, signal: new AbortController().signal };
  const response = await house.fetch(`http://house${request.url}`, body ? { ...init, body } : init);
  return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };
}

function client(side: "member" | "admin", token: string): KefuClient {
  const made = createClient({ base, side, token: async () => token, webSocket: WebSocket });
  clients.push(made);
  return made;
}

/** Waits for an event after which something holds. */
function when(client: KefuClient, holds: () => boolean): Promise<void> {
  return new Promise((go) => {
    const look = () => {
      if (holds()) go();
    };
    for (const name of ["thread", "state", "conversation"] as const) client.on(name, look);
    look();
  });
}

test("over real sockets in Node: a member and an agent talk through cuts, and end with the same list", async () => {
  const [member, agent] = [client("member", "member:101"), client("admin", "admin:7")];
  await member.send("0");
  await when(member, () => member.thread().messages.length === 1);
  await agent.open(9);

  for (let n = 1; n <= 30; n += 1) {
    await (n % 2 ? member.send(`${n}`) : agent.send(`${n}`, 9));
    if (n % 10 === 5) house.cutAfterCommit = 1;
    if (n % 10 === 9) house.cutAll();
  }
  await Promise.all([
    when(member, () => member.thread().messages.length === 31 && member.thread().outbox.length === 0),
    when(agent, () => agent.thread(9).messages.length === 31 && agent.thread(9).outbox.length === 0),
  ]);

  const rows = truth(house.conversation(9), "member");
  expect(new Set(house.conversation(9).rows.map((row) => row.content)).size).toBe(31);
  expect(shown(member.thread().messages)).toEqual(rows);
  expect(shown(agent.thread(9).messages)).toEqual(rows);
  const own = (side: string) => house.conversation(9).rows.filter((row) => row.side === side).map((row) => Number(row.content));
  for (const side of ["member", "admin"]) expect(own(side)).toEqual(own(side).sort((one, other) => one - other));
}, 30_000);

test("over real HTTP in Node: history, and commands where there is no socket", async () => {
  for (let n = 1; n <= 10; n += 1) house.say(9, "admin", `${n}`);
  const member = client("member", "member:101");
  await when(member, () => member.thread().messages.length === 4);
  expect(await member.older()).toBe(6);
  await member.delete(member.thread().messages[0]!);
  await when(member, () => member.thread().messages.length === 9);
  expect(shown(member.thread().messages)).toEqual(truth(house.conversation(9), "member").slice(1));
}, 30_000);
