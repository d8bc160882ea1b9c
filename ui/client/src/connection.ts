/** One socket from its opening to its end: the first frame, answers to questions, heartbeats and the watch over them. */

import type { Cancel, Env, SocketLike } from "./env.js";
import { understand, type Heard } from "./heard.js";
import { KefuError, Lost } from "./http.js";
import { format, parse, type Cursor, type Envelope } from "./wire.js";

/** Milliseconds within which a socket is open and authenticated. */
const READY_WITHIN = 10_000;
/** Milliseconds for the answer to a frame; the server takes at most six seconds. */
const ANSWER_WITHIN = 10_000;
/** Milliseconds between heartbeats until the server says how many. */
const HEARTBEAT = 20_000;
/** Heartbeats in a row without an answer, after which the socket is taken for dead. */
const MISSED = 2;
/** Milliseconds for the answer to a heartbeat that was sent because somebody came back to the page. */
const PROBE_WITHIN = 5_000;

/** Frames above this are not sent: the server would close the socket. Bytes. */
export const LARGEST_FRAME = 64 * 1_024;

/** How a socket ended. */
export interface End {
  /** The close code; 0 where we gave up ourselves or nothing was said. */
  readonly close: number;
  /** It had been authenticated. */
  readonly ready: boolean;
  /** What the server said to the first frame. */
  readonly refusal?: KefuError;
}

/** Who hears of a socket. */
export interface Listener {
  ready(ack: Envelope): void;
  heard(heard: Heard): void;
  ended(end: End): void;
  /** How far everything was applied; goes with each heartbeat. */
  received(): Cursor[];
}

/** A socket. It ends once; nothing is heard of it after that. */
export class Connection {
  private readonly socket: SocketLike;
  private readonly waiting = new Map<string, { fulfil(ack: Envelope): void; reject(error: KefuError): void; late: Cancel }>();
  private state: "opening" | "ready" | "ended" = "opening";
  private refusal: End["refusal"];
  private late: Cancel;
  private beat: Cancel = () => {};
  private probe: Cancel = () => {};
  private every = HEARTBEAT;
  private unanswered = 0;
  private asked = 0;

  constructor(
    private readonly env: Env,
    url: string,
    auth: Envelope,
    private readonly listener: Listener,
  ) {
    // First what may throw: of a socket that never was, nothing is left to end.
    this.socket = env.socket(url, "kefu.v2");
    this.late = env.after(READY_WITHIN, () => this.end(0));
    this.socket.onopen = () => this.write(auth);
    this.socket.onmessage = (event: { data?: unknown }) => this.hear(event.data);
    this.socket.onclose = (event: { code?: number }) => this.end(event?.code ?? 0);
    this.socket.onerror = () => {
      // A close follows, and says more.
    };
  }

  /** Whether frames go through. */
  get ready(): boolean {
    return this.state === "ready";
  }

  /** Sends a frame nobody answers. */
  say(frame: Envelope): void {
    if (this.ready) this.write(frame);
  }

  /** Sends a frame and waits for its `ack`. Rejects with the code in it, and with code 0 when there is none. */
  ask(frame: Envelope): Promise<Envelope> {
    if (!this.ready) return Promise.reject(new KefuError(0, "not connected"));
    const key = frame.ext?.client_msg_id ?? `q-${++this.asked}`;
    const text = format({ ...frame, ext: { ...frame.ext, client_msg_id: key } });
    if (new TextEncoder().encode(text).length > LARGEST_FRAME) return Promise.reject(new KefuError(400, "too large"));
    return new Promise((fulfil, reject) => {
      const late = this.env.after(ANSWER_WITHIN, () => {
        this.waiting.delete(key);
        reject(new KefuError(0, "no answer"));
      });
      this.waiting.set(key, { fulfil, reject, late });
      this.put(text);
    });
  }

  /** Somebody came back to the page: the socket shows now that it lives, or ends. */
  check(): void {
    if (!this.ready) return;
    this.probe();
    this.probe = this.env.after(PROBE_WITHIN, () => this.end(0));
    this.heartbeat();
  }

  /** Ends it from our side. Nobody is told. */
  close(): void {
    if (this.state === "ended") return;
    this.finish(1000);
  }

  private hear(text: unknown): void {
    if (this.state === "ended") return;
    const frame = parse(text);
    if (!frame) return;
    if (this.state === "opening") {
      if (frame.category === "ack" && frame.action === "auth") this.greeted(frame);
      return;
    }
    const heard = understand(frame);
    if (heard.type === "heartbeat") {
      this.unanswered = 0;
      this.probe();
    }
    if (frame.category === "ack") this.answered(frame);
    this.listener.heard(heard);
  }

  private greeted(ack: Envelope): void {
    const { code, msg, retry_after, heartbeat } = ack.ext ?? {};
    if (code) {
      this.refusal = new KefuError(code, msg ?? "", retry_after);
      this.end(0);
      return;
    }
    this.late();
    this.state = "ready";
    if (heartbeat && heartbeat > 0) this.every = heartbeat;
    this.beat = this.env.after(this.every, () => this.pulse());
    this.listener.ready(ack);
  }

  private answered(frame: Envelope): void {
    const { client_msg_id, code, msg, retry_after } = frame.ext ?? {};
    // One that the server could not even read carries nothing back. It reads them in order.
    const unread = client_msg_id === undefined && frame.action === undefined && code;
    const key = unread ? this.waiting.keys().next().value : client_msg_id;
    const waiting = key === undefined ? undefined : this.waiting.get(key);
    if (!waiting || key === undefined) return;
    this.waiting.delete(key);
    waiting.late();
    if (code) waiting.reject(new KefuError(code, msg ?? "", retry_after));
    else waiting.fulfil(frame);
  }

  private pulse(): void {
    if (this.unanswered >= MISSED) {
      this.end(0);
      return;
    }
    this.heartbeat();
    this.beat = this.env.after(this.every, () => this.pulse());
  }

  private heartbeat(): void {
    this.unanswered += 1;
    this.write({ category: "heartbeat", ext: { received: this.listener.received() } });
  }

  private write(frame: Envelope): void {
    this.put(format(frame));
  }

  private put(text: string): void {
    try {
      this.socket.send(text);
    } catch {
      // Closing already; its close event or the watch over heartbeats says so.
    }
  }

  private end(close: number): void {
    if (this.state === "ended") return;
    const ready = this.state === "ready";
    this.finish(undefined);
    this.listener.ended({ close, ready, ...(this.refusal ? { refusal: this.refusal } : {}) });
  }

  /** A dead peer never answers a close, so nobody waits for the close event. */
  private finish(code: number | undefined): void {
    this.state = "ended";
    this.late();
    this.beat();
    this.probe();
    const { socket } = this;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.onerror = () => {
      // The `ws` package throws errors that nobody listens to.
    };
    try {
      socket.close(code);
    } catch {
      // Closed already.
    }
    for (const { reject, late } of this.waiting.values()) {
      late();
      reject(new Lost());
    }
    this.waiting.clear();
  }
}
