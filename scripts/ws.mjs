#!/usr/bin/env node
// The client's side of RFC 6455, as far as the socket needs it: text frames, ping, close.
//
//   node scripts/ws.mjs 'ws://127.0.0.1:48080/infra/ws?token=…'
//
// prints every frame and says the mall's `ping` every three seconds: a socket that does not ping for
// fifteen is given nothing. Ctrl-C closes it.
//
//   node scripts/ws.mjs ws://127.0.0.1:48080/infra/ws --v2 TOKEN
//
// speaks kefu.v2: says who it is, resumes a member's conversation, confirms what it is given, and sends
// a heartbeat every twenty seconds. A line typed that is a JSON object goes as it is; any other goes as a
// text, which is enough for a member. An agent types frames, since they name the conversation.

import { createHash, randomBytes, randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import { request as plain } from "node:http";
import { request as secure } from "node:https";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** What a socket says by itself, and how often in milliseconds. */
const MALL = { first: "ping", beat: "ping", every: 3_000 };
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** An open socket. Events: `frame` with each text, `close` once. */
class Socket extends EventEmitter {
  constructor(stream, head, { first, beat, every }) {
    super();
    this.stream = stream;
    this.bytes = head;
    this.text = [];
    // The caller listens first, then hears what came along with the handshake.
    setImmediate(() => this.take());
    stream.on("data", (more) => {
      this.bytes = Buffer.concat([this.bytes, more]);
      this.take();
    });
    stream.on("error", () => {});
    stream.on("close", () => {
      clearInterval(this.pinging);
      this.emit("close");
    });
    this.pinging = setInterval(() => this.send(beat), every);
    this.send(first);
  }

  send(text) {
    this.write(TEXT, Buffer.from(text));
  }

  close() {
    this.write(CLOSE, Buffer.from([0x03, 0xe8]));
    this.stream.end();
  }

  /** Clients mask what they send, so that no proxy mistakes it for a request. */
  write(opcode, payload) {
    if (!this.stream.writable) return;
    const mask = randomBytes(4);
    const length = payload.length;
    const head = length < 126 ? Buffer.from([0x80 | opcode, 0x80 | length]) : Buffer.alloc(4);
    if (length >= 126) {
      if (length > 0xffff) throw new RangeError("a frame has at most 64 KiB");
      head.writeUInt8(0x80 | opcode, 0);
      head.writeUInt8(0x80 | 126, 1);
      head.writeUInt16BE(length, 2);
    }
    this.stream.write(Buffer.concat([head, mask, payload.map((byte, at) => byte ^ mask[at % 4])]));
  }

  /** Takes the whole frames off what has come in. */
  take() {
    while (this.bytes.length >= 2) {
      const [first, second] = this.bytes;
      let [start, length] = [2, second & 0x7f];
      if (length === 126) {
        if (this.bytes.length < 4) return;
        [start, length] = [4, this.bytes.readUInt16BE(2)];
      } else if (length === 127) {
        if (this.bytes.length < 10) return;
        [start, length] = [10, Number(this.bytes.readBigUInt64BE(2))];
      }
      if (this.bytes.length < start + length) return;
      const payload = this.bytes.subarray(start, start + length);
      this.bytes = this.bytes.subarray(start + length);
      this.hear(first & 0x0f, payload, (first & 0x80) !== 0);
    }
  }

  hear(opcode, payload, isLast) {
    if (opcode === PING) this.write(PONG, payload);
    if (opcode === CLOSE) {
      if (payload.length >= 2) this.code = payload.readUInt16BE(0);
      this.close();
    }
    if (opcode > 2) return;
    this.text.push(payload);
    if (!isLast) return;
    this.emit("frame", Buffer.concat(this.text).toString());
    this.text = [];
  }
}

/** Opens a socket that keeps itself alive; an error says which status refused it. */
export function connect(address, speech = MALL) {
  const url = new URL(address);
  const key = randomBytes(16).toString("base64");
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const isSecure = url.protocol === "wss:";
  url.protocol = isSecure ? "https:" : "http:";
  const headers = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": 13, "sec-websocket-key": key };
  if (speech.protocol) headers["sec-websocket-protocol"] = speech.protocol;
  return new Promise((done, fail) => {
    const asked = (isSecure ? secure : plain)(url, { headers, agent: false });
    asked.on("upgrade", (response, stream, head) => {
      if (response.headers["sec-websocket-accept"] === accept) done(new Socket(stream, head, speech));
      else fail(new Error("the server did not accept the socket's key"));
    });
    asked.on("response", (response) => {
      response.resume();
      fail(new Error(`no socket: the server answered ${response.statusCode}`));
    });
    asked.on("error", fail);
    asked.end();
  });
}

/** What a typed line is as a frame: itself, or a text. */
function typed(line) {
  try {
    const frame = JSON.parse(line);
    if (typeof frame === "object" && frame !== null && !Array.isArray(frame)) return line;
  } catch {
    // Not JSON, so it is a text.
  }
  return JSON.stringify({ action: "send", style: "normal", kind: "text", content: line, ext: { client_msg_id: randomUUID() } });
}

/** What is said in kefu.v2. The server gives a socket up that never confirms what it was given. */
const v2 = (token) => ({
  protocol: "kefu.v2",
  first: JSON.stringify({ action: "auth", content: token }),
  beat: JSON.stringify({ category: "heartbeat" }),
  every: 20_000,
  hear(socket, { category, action, from, ext = {} }) {
    const { conversation, seq = 0, change, code } = ext;
    const tell = (frame) => socket.send(JSON.stringify(frame));
    if (change !== undefined) tell({ category: "receive", ext: { received: [[conversation, seq, change]] } });
    if (category !== "ack" || action !== "auth" || code) return;
    if (from?.startsWith("member:")) tell({ action: "resume", ext: { resume: [] } });
    createInterface({ input: process.stdin }).on("line", (line) => line.trim() && socket.send(typed(line)));
  },
});

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { v2: { type: "string" } } });
  const [address] = positionals;
  if (!address) {
    console.error("usage: node scripts/ws.mjs 'ws://127.0.0.1:48080/infra/ws?token=…'");
    console.error("       node scripts/ws.mjs ws://127.0.0.1:48080/infra/ws --v2 TOKEN");
    process.exit(2);
  }
  const speech = values.v2 === undefined ? MALL : v2(values.v2);
  const socket = await connect(address, speech).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
  console.error("connected; Ctrl-C closes");
  socket.on("frame", (text) => {
    console.log(text);
    speech.hear?.(socket, JSON.parse(text));
  });
  socket.on("close", () => {
    if (socket.code !== undefined) console.error(`closed: ${socket.code}`);
    process.exit(0);
  });
  process.on("SIGINT", () => socket.close());
}
