#!/usr/bin/env node
// The client's side of RFC 6455, as far as the mall's socket needs it: text frames, ping, close.
//
//   node scripts/ws.mjs 'ws://127.0.0.1:48080/infra/ws?token=…'
//
// prints every frame and says the mall's `ping` every three seconds: a socket that does not ping for
// fifteen is given nothing. Ctrl-C closes it.

import { createHash, randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { request as plain } from "node:http";
import { request as secure } from "node:https";
import { fileURLToPath } from "node:url";

const PING_EVERY = 3_000;
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** An open socket. Events: `frame` with each text, `close` once. */
class Socket extends EventEmitter {
  constructor(stream, head) {
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
    this.pinging = setInterval(() => this.send("ping"), PING_EVERY);
    this.send("ping");
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
      if (length > 0xffff) throw new RangeError("the mall's socket takes at most 8 KiB");
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
    if (opcode === CLOSE) this.close();
    if (opcode > 2) return;
    this.text.push(payload);
    if (!isLast) return;
    this.emit("frame", Buffer.concat(this.text).toString());
    this.text = [];
  }
}

/** Opens a socket that says the mall's `ping` by itself; an error says which status refused it. */
export function connect(address) {
  const url = new URL(address);
  const key = randomBytes(16).toString("base64");
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const isSecure = url.protocol === "wss:";
  url.protocol = isSecure ? "https:" : "http:";
  const headers = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": 13, "sec-websocket-key": key };
  return new Promise((done, fail) => {
    const asked = (isSecure ? secure : plain)(url, { headers, agent: false });
    asked.on("upgrade", (response, stream, head) => {
      if (response.headers["sec-websocket-accept"] === accept) done(new Socket(stream, head));
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , address] = process.argv;
  if (!address) {
    console.error("usage: node scripts/ws.mjs 'ws://127.0.0.1:48080/infra/ws?token=…'");
    process.exit(2);
  }
  const socket = await connect(address).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
  console.error("connected; Ctrl-C closes");
  socket.on("frame", (text) => console.log(text));
  socket.on("close", () => process.exit(0));
  process.on("SIGINT", () => socket.close());
}
