/** The tabs of one account in one browser: one of them leads and has the socket, and all hear what it hears. */

import { Election, type Vote } from "./election.js";
import type { Cancel, ChannelLike, Env } from "./env.js";
import type { State } from "./events.js";
import type { Heard } from "./heard.js";
import type { Entry } from "./outbox.js";
import type { MallConversation } from "./roster.js";
import type { Cursor, Envelope, Id } from "./wire.js";

/** A frame that asks the server for something, from a tab that has no socket. */
export type Command = Envelope;

/** What tabs tell each other. All of one version: a channel's name holds it. */
export type Note = Vote | Told | Asked;

/** How things stand. */
export type Told =
  /** A tab is new, or was frozen: how do things stand? */
  | { readonly note: "hello"; readonly tab: string }
  | Standing
  /** What the leader heard, with its cursor before it applied it. */
  | { readonly note: "heard"; readonly heard: Heard; readonly before?: Cursor }
  /** Lines of the desk's list, as the long poll brought them to the leader. */
  | { readonly note: "lines"; readonly lines: readonly MallConversation[] }
  /** An entry of the outbox is new or another. */
  | { readonly note: "entry"; readonly entry: Entry; readonly gone: boolean }
  | Answer;

/** The leader says how things stand. */
export interface Standing {
  readonly note: "standing";
  readonly tab: string;
  readonly state: State;
  readonly retryAt?: number;
  readonly me?: string;
  readonly epoch?: string;
  readonly heads: readonly Cursor[];
}

/** What tabs want of the leader. */
export type Asked =
  /** These conversations are open in this tab. */
  | { readonly note: "want"; readonly tab: string; readonly conversations: readonly Id[] }
  /** A tab goes. */
  | { readonly note: "gone"; readonly tab: string }
  /** A failed entry is to be tried again, or thrown away. */
  | { readonly note: "again" | "discard"; readonly key: string }
  /** A question to the server. */
  | { readonly note: "ask"; readonly tab: string; readonly question: number; readonly command: Command }
  /** Said to the server, and never answered. */
  | { readonly note: "say"; readonly command: Command };

/** What came of a tab's question: an `ack`, or a code. */
export interface Answer {
  readonly note: "answer";
  readonly tab: string;
  readonly question: number;
  readonly ack?: Envelope;
  readonly code?: number;
  readonly message?: string;
  /** Milliseconds. */
  readonly retryAfter?: number;
}

/** Who hears of the other tabs. */
export interface TabsListener {
  /** This tab leads from now on, or does not any more. */
  role(leading: boolean): void;
  hear(note: Told | Asked): void;
}

/** A channel to the other tabs and a place among them. Without a channel this tab is alone, and leads. */
export class Tabs {
  leading = false;
  private channel: ChannelLike | undefined;
  private election: Election | undefined;
  private timer: Cancel = () => {};
  private release: (() => void) | undefined;
  private abort: AbortController | undefined;
  private joined = false;

  constructor(
    private readonly env: Env,
    private readonly name: string | undefined,
    /** A name that no other tab has. */
    readonly tab: string,
    private readonly listener: TabsListener,
  ) {}

  /** Takes part: becomes the leader or one of the others, sooner or later. */
  join(): void {
    if (this.joined) return;
    this.joined = true;
    if (this.name === undefined || !this.env.channel) {
      this.role(true);
      return;
    }
    this.channel = this.env.channel(this.name);
    this.channel.onmessage = ({ data }) => this.hear(data as Note);
    this.post({ note: "hello", tab: this.tab });
    if (this.env.locks) this.queue(this.name, this.env.locks);
    else this.stand();
  }

  /** Goes: another tab leads at once. */
  leave(): void {
    if (!this.joined) return;
    this.joined = false;
    this.role(false);
    this.votes(this.election?.leave() ?? []);
    this.post({ note: "gone", tab: this.tab });
    this.election = undefined;
    this.timer();
    this.abort?.abort();
    this.release?.();
    this.release = undefined;
    this.channel?.close();
    this.channel = undefined;
  }

  /** Tells the other tabs. */
  post(note: Note): void {
    this.channel?.postMessage(note);
  }

  /** Waits in the browser's own queue; the lock is let go of when the tab dies, too. */
  private queue(name: string, locks: NonNullable<Env["locks"]>): void {
    const abort = (this.abort = new AbortController());
    const held = () =>
      new Promise<void>((release) => {
        if (abort.signal.aborted) {
          release();
          return;
        }
        this.release = release;
        this.role(true);
      });
    locks.request(name, { signal: abort.signal }, held).catch(() => {
      // Called off while waiting; or locks are forbidden here, and then votes do.
      if (!abort.signal.aborted && this.joined) this.stand();
    });
  }

  private stand(): void {
    this.election = new Election(this.tab);
    this.votes(this.election.join(this.env.now()));
  }

  private hear(note: Note): void {
    if ("vote" in note) this.votes(this.election?.hear(note, this.env.now()) ?? []);
    else this.listener.hear(note);
  }

  private votes(votes: Vote[]): void {
    for (const vote of votes) this.post(vote);
    if (!this.election) return;
    this.role(this.election.role === "leader");
    this.timer();
    if (this.election.next === Infinity) return;
    this.timer = this.env.after(Math.max(0, this.election.next - this.env.now()), () => {
      this.votes(this.election?.tick(this.env.now()) ?? []);
    });
  }

  private role(leading: boolean): void {
    if (this.leading === leading) return;
    this.leading = leading;
    this.listener.role(leading);
  }
}
