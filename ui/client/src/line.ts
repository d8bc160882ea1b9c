/** Keeps a socket: comes back by itself, to the next address if need be, and says when it is time for the long poll. */

import { LONGEST, pause } from "./backoff.js";
import { Connection, type End, type Listener } from "./connection.js";
import type { Cancel, Env } from "./env.js";
import type { Heard } from "./heard.js";
import type { Bases, KefuError } from "./http.js";
import { passes } from "./outbox.js";
import type { Tokens } from "./tokens.js";
import type { Envelope } from "./wire.js";

/** Sockets in a row that did not get through before the long poll begins. */
const ENOUGH = 3;
/** A socket that lived for less than this, milliseconds, does not make good for the failures before it. */
const LIVED = 5_000;
/** Refusals in a row of a token that was new each time, after which the page hears `denied`. */
const DENIED = 2;

/** What the line is doing. `waiting` ends at `retryAt`, milliseconds. */
export type LineState =
  | { readonly state: "connecting" | "online" }
  | { readonly state: "waiting" | "denied"; readonly retryAt: number };

/** Who hears of the line. */
export interface LineListener extends Pick<Listener, "heard" | "received"> {
  /** The `ext` of the first frame: shop, epoch, and what to resume. */
  greeting(): NonNullable<Envelope["ext"]>;
  ready(ack: Envelope): void;
  /** The socket is gone; whatever waited on it was rejected before. */
  down(): void;
  state(state: LineState): void;
  /** Sockets do not get through here; something else may. */
  blocked(): void;
  /** The server will not have us, for a reason that no token and no patience changes. Told once, however often it says so. */
  refused(error: KefuError): void;
}

/** A socket that comes back. */
export class Line {
  private connection: Connection | undefined;
  private again: Cancel = () => {};
  private failures = 0;
  private denials = 0;
  private refused = false;
  /** The code of a refusal that is final; a shop that is closed or unknown. */
  private final: number | undefined;
  private readyAt = 0;
  private leaveWithin: number | undefined;
  private attempt = 0;
  /** Attempts that wait for a token. */
  private opening = 0;
  private stopped = true;

  constructor(
    private readonly env: Env,
    private readonly bases: Bases,
    private readonly tokens: Tokens,
    private readonly listener: LineListener,
  ) {}

  /** The socket, while it is authenticated. */
  get online(): Connection | undefined {
    return this.connection?.ready ? this.connection : undefined;
  }

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    void this.open();
  }

  stop(): void {
    this.stopped = true;
    this.attempt += 1;
    this.again();
    this.connection?.close();
    this.connection = undefined;
  }

  /** The page is looked at again, or has a network again: no more waiting, and no more trust in what looks open. */
  wake(): void {
    if (this.stopped) return;
    if (this.connection) this.connection.check();
    else if (this.opening === 0) void this.open();
  }

  private async open(): Promise<void> {
    this.again();
    const attempt = ++this.attempt;
    this.listener.state({ state: "connecting" });
    this.opening += 1;
    // The page has heard why, where it gave none.
    const token = await this.tokens.give(this.refused).catch(() => undefined);
    this.opening -= 1;
    if (attempt !== this.attempt) return;
    if (token === undefined) {
      this.failures += 1;
      this.wait(pause(this.failures, this.env.random));
      return;
    }
    const auth: Envelope = { action: "auth", content: token, ext: this.listener.greeting() };
    const url = `${this.bases.current.replace(/^http/, "ws")}/infra/ws`;
    try {
      this.connection = new Connection(this.env, url, auth, {
        ready: (ack) => this.ready(ack),
        heard: (heard) => this.heard(heard),
        ended: (end) => this.ended(end),
        received: () => this.listener.received(),
      });
    } catch {
      // An address that is none, or a page that may not open sockets.
      this.ended({ close: 0, ready: false });
    }
  }

  private ready(ack: Envelope): void {
    this.readyAt = this.env.now();
    this.denials = 0;
    this.refused = false;
    this.final = undefined;
    this.leaveWithin = undefined;
    this.listener.state({ state: "online" });
    this.listener.ready(ack);
  }

  private heard(heard: Heard): void {
    if (heard.type === "bye") this.leave(heard.within);
    else this.listener.heard(heard);
  }

  /** The server stops. Everybody leaves at a moment of their own, so that the next node is not met by all at once. */
  private leave(within: number): void {
    if (this.leaveWithin !== undefined) return;
    this.leaveWithin = within;
    const attempt = this.attempt;
    this.again = this.env.after(Math.round(this.env.random() * within), () => {
      if (attempt !== this.attempt || this.stopped) return;
      this.connection?.close();
      this.connection = undefined;
      this.bases.next();
      this.listener.down();
      void this.open();
    });
  }

  private ended(end: End): void {
    this.connection = undefined;
    if (end.ready) this.listener.down();
    const lived = end.ready && this.env.now() - this.readyAt >= LIVED;
    this.failures = lived ? 0 : this.failures + 1;
    const denied = end.refusal?.code === 401 || end.close === 4401;
    const asked = end.refusal?.retryAfter ?? 0;
    if (denied) {
      this.refused = true;
      this.denials += 1;
      const rest = this.denials > 1 ? pause(this.failures + 3, this.env.random) : 0;
      this.wait(rest, this.denials >= DENIED ? "denied" : "waiting");
      return;
    }
    if (end.refusal && !passes(end.refusal.code)) {
      if (this.final !== end.refusal.code) this.listener.refused(end.refusal);
      this.final = end.refusal.code;
      this.wait(Math.round(LONGEST * (0.5 + this.env.random() / 2)), "denied");
      return;
    }
    if (!lived || this.leaveWithin !== undefined) this.bases.next();
    const answered = end.ready || end.refusal !== undefined || end.close === 4429 || end.close === 4503;
    if (!answered && this.failures >= ENOUGH) this.listener.blocked();
    const own = end.close === 4429 ? LONGEST * this.env.random() : pause(this.failures, this.env.random);
    this.wait(Math.round(asked + own));
  }

  private wait(ms: number, state: "waiting" | "denied" = "waiting"): void {
    if (this.stopped) return;
    this.again();
    this.again = this.env.after(ms, () => void this.open());
    this.listener.state({ state, retryAt: this.env.now() + ms });
  }
}
