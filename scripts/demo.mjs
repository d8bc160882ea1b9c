#!/usr/bin/env node
// A member and an agent talk through the running server, and both sides are printed.
//
//   make run      in one terminal
//   make demo     in another
//
// KEFU_URL names another server (http://127.0.0.1:48080 otherwise); it must run in development mode,
// since the tokens come from its /demo/session. For the restart a second server is started on a
// temporary folder and a free port: nobody's conversation but our own is interrupted.
// Ends with 1 when anything that should have happened did not.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect } from "./ws.mjs";

const WITHIN = 5_000;
const START_WITHIN = 30_000;
const HOME = join(dirname(fileURLToPath(import.meta.url)), "..");

class Unexpected extends Error {}

function expect(truth, what) {
  if (!truth) throw new Unexpected(what);
}

/** Waits for something, but not for ever. */
function within(ms, promise, what) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Unexpected(`${what}: not within ${ms / 1_000} s`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const [LEFT, RIGHT, PLAIN] = ["member", "agent", ""];

function print(side, words) {
  const indent = { [LEFT]: "", [RIGHT]: " ".repeat(44), [PLAIN]: "  " }[side];
  console.log(`${indent}${side ? `${side.padEnd(6)} ` : ""}${words}`);
}

function chapter(words) {
  console.log(`\n── ${words} ${"─".repeat(Math.max(0, 86 - words.length))}`);
}

/** What was said, as it was typed: the server escapes texts for pages that render them as HTML. */
function said({ content }) {
  const { text } = JSON.parse(content);
  return text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);
}

/** One side: requests in its name, and its socket. */
class Person {
  constructor(base, side, { token, nickname }) {
    Object.assign(this, { base, side, token, nickname, frames: [], waiting: [] });
  }

  async ask(method, path, { query = {}, body } = {}) {
    const address = new URL(path, this.base);
    address.search = new URLSearchParams(query);
    const headers = { authorization: `Bearer ${this.token}` };
    if (body) headers["content-type"] = "application/json";
    const asked = fetch(address, { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(WITHIN * 2) });
    const response = await asked;
    const { code, msg, data } = await response.json();
    expect(code === 0, `${method} ${path} answered ${code} ${msg}`);
    return { data, headers: response.headers };
  }

  async listen() {
    const address = new URL("/infra/ws", this.base);
    address.protocol = address.protocol.replace("http", "ws");
    address.searchParams.set("token", this.token);
    this.socket = await within(WITHIN, connect(address), "a socket");
    this.closed = new Promise((done) => this.socket.once("close", done));
    const pong = new Promise((done) => this.socket.once("frame", done));
    this.socket.on("frame", (text) => this.hear(text));
    expect((await within(WITHIN, pong, "the pong")) === "pong", "the socket did not say pong");
    print(this.side, `socket open as ${this.nickname}`);
  }

  hear(text) {
    if (text === "pong") return;
    const { type, content } = JSON.parse(text);
    this.frames.push({ type, content: JSON.parse(content) });
    this.waiting.splice(0).forEach((look) => look());
  }

  /** The first frame that fits, also one that has come already. */
  async frame(what, fits) {
    const found = new Promise((done) => {
      const look = () => {
        const frame = this.frames.find(fits);
        if (frame) done(frame.content);
        else this.waiting.push(look);
      };
      look();
    });
    return within(WITHIN, found, `${this.side} hears ${what}`);
  }

  message(seq) {
    const fits = ({ type, content }) => type === "kefu_message_type" && content.seq === seq;
    return this.frame(`message #${seq}`, fits);
  }

  async send(path, text, key, conversationId) {
    const body = { contentType: 1, content: JSON.stringify({ text }), clientMsgId: key, conversationId };
    const { data, headers } = await this.ask("POST", path, { body });
    const sent = { id: data, seq: Number(headers.get("kefu-seq")), duplicate: headers.get("kefu-duplicate") === "true" };
    print(this.side, `→ #${sent.seq} ${text}${sent.duplicate ? "  (known already)" : ""}`);
    return sent;
  }
}

const MEMBER_SEND = "/app-api/promotion/kefu-message/send";
const MEMBER_LIST = "/app-api/promotion/kefu-message/list";
const AGENT_SEND = "/admin-api/promotion/kefu-message/send";

async function meet(base, memberId) {
  const response = await fetch(new URL(`/demo/session?member=${memberId}`, base), { signal: AbortSignal.timeout(WITHIN) });
  const { data } = await response.json();
  expect(data?.member?.token && data?.agent?.token, `${base} gives no tokens away: start it in development mode (make run)`);
  return [new Person(base, LEFT, data.member), new Person(base, RIGHT, data.agent)];
}

const freshMember = () => 1_000_000 + Math.floor(Math.random() * 8_999_999);

async function history(person, expected) {
  const { data } = await person.ask("GET", MEMBER_LIST, { query: { sinceSeq: 0, limit: 200 } });
  for (const message of data) {
    print(PLAIN, `#${message.seq}  ${message.senderType === 1 ? "member" : "agent "}  ${message.readStatus ? "read  " : "unread"}  ${said(message)}`);
  }
  expect(data.map(({ seq }) => seq).join() === expected.map((_, at) => at + 1).join(), "the history is numbered without gaps");
  expect(data.map(said).join("\n") === expected.join("\n"), "the history says what was said, once");
  return data;
}

async function talk(base) {
  const [member, agent] = await meet(base, freshMember());
  const [question, answer] = ["你好，这个杯子有现货吗？<300 ml>", "有的，今天下单今天发货。"];

  chapter("both connect");
  await member.listen();
  await agent.listen();

  chapter("send and push");
  const first = await member.send(MEMBER_SEND, question, `demo-${Date.now()}-1`);
  expect(first.seq === 1 && !first.duplicate, "the first message has number 1");
  // The agent hears every member of the tenant, so the number alone would not do.
  const pushed = await agent.frame("the question", ({ content }) => content.id === first.id);
  print(RIGHT, `← #${pushed.seq} ${said(pushed)}`);
  expect(said(pushed) === question, "the agent hears what was said");
  await member.message(1);
  print(LEFT, "← #1 (own echo)");

  chapter("the agent's list, and reading");
  const id = pushed.conversationId;
  const line = async () => (await agent.ask("GET", "/admin-api/promotion/kefu-conversation/get", { query: { id } })).data;
  expect((await line()).adminUnreadMessageCount === 1, "one message is unread");
  print(RIGHT, `conversation of ${(await line()).userNickname}: 1 unread`);
  await agent.ask("PUT", "/admin-api/promotion/kefu-message/update-read-status", { query: { conversationId: id, seq: 1 } });
  const isRead = ({ type, content }) => type === "kefu_message_read_status_change" && content.conversationId === id;
  await Promise.all([member.frame("that it was read", isRead), agent.frame("that it was read", isRead)]);
  print(LEFT, "← the desk has read");
  expect((await line()).adminUnreadMessageCount === 0, "nothing is unread any more");
  print(RIGHT, "0 unread");

  chapter("answer");
  const second = await agent.send(AGENT_SEND, answer, `demo-${Date.now()}-2`, id);
  expect(second.seq === 2, "the answer has number 2");
  print(LEFT, `← #2 ${said(await member.message(2))}`);
  await member.ask("PUT", "/app-api/promotion/kefu-message/update-read-status", { query: { conversationId: id, seq: 2 } });

  chapter("the same tap twice is one message");
  const key = `demo-${Date.now()}-3`;
  const once = await member.send(MEMBER_SEND, "谢谢", key);
  const twice = await member.send(MEMBER_SEND, "谢谢", key);
  expect(twice.duplicate && twice.id === once.id && twice.seq === once.seq, "the second one is the first one");
  await member.message(3);

  chapter("history");
  const messages = await history(member, [question, answer, "谢谢"]);
  expect(messages[0].readStatus && messages[1].readStatus, "what was read is marked as read");
  for (const person of [member, agent]) person.socket.close();
}

/** A server of our own, on a folder that is thrown away. */
class Server {
  constructor(binary, folder, port) {
    Object.assign(this, { binary, folder, port, base: `http://127.0.0.1:${port}` });
  }

  async start() {
    const settings = {
      KEFU_SERVER__LISTEN: `127.0.0.1:${this.port}`,
      KEFU_SERVER__DATA_DIR: this.folder,
      KEFU_DATABASE__URL: `sqlite:${join(this.folder, "kefu.sqlite3")}`,
      KEFU_UPLOAD__DIR: join(this.folder, "uploads"),
    };
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("KEFU_"));
    this.process = spawn(this.binary, ["--dev"], {
      cwd: this.folder,
      env: { ...Object.fromEntries(inherited), ...settings },
      stdio: "ignore",
    });
    this.ended = new Promise((done) => {
      this.process.once("exit", (code, signal) => done(signal ?? code));
      this.process.once("error", (error) => done(error.message));
    });
    await within(START_WITHIN, this.ready(), "our own server is ready");
  }

  async ready() {
    for (;;) {
      const ended = await Promise.race([this.ended, new Promise((done) => setTimeout(done, 100, "running"))]);
      expect(ended === "running", `our own server ended at its start (${ended})`);
      const response = await fetch(`${this.base}/readyz`, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
      if (response?.ok) return;
    }
  }

  /** Asks it to stop; says with which code it did. */
  stop() {
    this.process.kill("SIGTERM");
    return within(16_000, this.ended, "our own server stops");
  }
}

/** The newest of what was built, wherever cargo was told to put it. */
async function builtServer() {
  if (process.env.KEFU_SERVER_BIN) return process.env.KEFU_SERVER_BIN;
  const target = process.env.CARGO_TARGET_DIR ?? join(HOME, "target");
  const found = ["debug", "release"].map((profile) => join(target, profile, "kefu-server")).find(existsSync);
  expect(found, "there is no built server to restart: run `make run` or `cargo build -p kefu-server` first");
  return found;
}

async function freePort() {
  const probe = createServer();
  await new Promise((done) => probe.listen(0, "127.0.0.1", done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

async function restart() {
  const folder = await mkdtemp(join(tmpdir(), "kefu-demo-"));
  const server = new Server(await builtServer(), folder, await freePort());
  try {
    chapter("a server of our own, to be restarted");
    await server.start();
    const [member, agent] = await meet(server.base, freshMember());
    await member.listen();
    await agent.listen();
    const texts = ["重启之前的第一句", "重启之前的第二句", "重启之前的第三句"];
    for (const [at, text] of texts.entries()) await member.send(MEMBER_SEND, text, `before-${at}`);
    await agent.message(3);
    const before = await history(member, texts);

    chapter("SIGTERM");
    const code = await server.stop();
    expect(code === 0, `a server that is asked to stop ends with 0 and not with ${code}`);
    await within(WITHIN, Promise.all([member.closed, agent.closed]), "the sockets close");
    print(PLAIN, "stopped with code 0; both sockets were closed");

    chapter("started again: history again");
    await server.start();
    await member.listen();
    await agent.listen();
    const after = await history(member, texts);
    expect(JSON.stringify(after) === JSON.stringify(before), "the history is the same after the restart");
    const again = await member.send(MEMBER_SEND, texts[2], "before-2");
    expect(again.duplicate && again.seq === 3, "a key is known after a restart too");
    await member.send(MEMBER_SEND, "重启之后接着聊", "after-0");
    print(RIGHT, `← #4 ${said(await agent.message(4))}`);
    await member.message(4);
    for (const person of [member, agent]) {
      const numbers = person.frames.filter(({ type }) => type === "kefu_message_type").map(({ content }) => content.seq);
      expect(numbers.join() === "1,2,3,4", `the ${person.side} heard each message once, in order, and not ${numbers}`);
      person.socket.close();
    }
    expect((await server.stop()) === 0, "the second stop is as good as the first");
  } finally {
    server.process?.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
}

const base = process.env.KEFU_URL ?? "http://127.0.0.1:48080";
try {
  await talk(base).catch((error) => {
    if (error.message !== "fetch failed") throw error;
    throw new Unexpected(`no server at ${base}: start one with \`make run\`, or name another in KEFU_URL`);
  });
  await restart();
  console.log("\nall of it happened as it should");
  process.exit(0);
} catch (error) {
  console.error(`\n✗ ${error instanceof Unexpected ? error.message : error.stack}`);
  process.exit(1);
}
