/** What this tab has applied, whoever heard it, and asking for what is missing. */

import type { Book } from "./book.js";
import type { Desk } from "./desk.js";
import type { Cancel, Env } from "./env.js";
import type { Emitter } from "./events.js";
import type { Heard, Page } from "./heard.js";
import { KefuError, type Api } from "./http.js";
import { passes } from "./outbox.js";
import type { Post } from "./post.js";
import { Pulls } from "./pulls.js";
import { pagesOf, refusalsOf, sync } from "./sync.js";
import type { Outcome, Side, Thread } from "./thread.js";
import { NoToken } from "./tokens.js";
import type { Typists } from "./typists.js";
import type { Cursor, Ext, Id } from "./wire.js";

/** What a reader works with. */
export interface ReaderGear {
  readonly env: Env;
  readonly api: Api;
  readonly side: Side;
  readonly shop: Id | undefined;
  readonly book: Book;
  readonly post: Post;
  readonly desk: Desk | undefined;
  readonly typists: Typists;
  readonly emitter: Emitter;
}

/** The way to the server that the leading tab has. */
export interface Source {
  /** Whether it can ask now. */
  readonly reachable: boolean;
  /** Asks for what these miss; where there are none, for whatever a member has. */
  pull(threads: readonly Thread[]): void;
  applied(threads: readonly Thread[]): void;
  deliver(): void;
}

/** Milliseconds until a member who knows of no conversation asks again, where the server names no time. */
const NEWEST_AGAIN = 10_000;

interface Opening {
  readonly fulfil: () => void;
  readonly reject: (error: KefuError) => void;
}

/** Applies, and asks. */
export class Reader {
  /** Set while this tab leads. */
  source: Source | undefined;
  /** Conversations that an agent looks at in this tab. */
  readonly opened = new Map<string, Id>();
  private readonly openings = new Map<string, Opening[]>();
  private readonly pulls = new Pulls();
  private alarm: Cancel = () => {};
  /** When a member who knows of no conversation may ask again whether there is one; the last question was put off. */
  private newestAt: number | undefined;
  private fetching = false;
  private over = false;

  constructor(private readonly gear: ReaderGear) {}

  /** Whether this tab shows the conversation; a tab that leads also applies those of others. */
  shows(conversation: Id | undefined): boolean {
    return this.gear.side === "member" || (conversation !== undefined && this.opened.has(String(conversation)));
  }

  /** What `thread()` shows of it is different. */
  drawn(conversation: Id | undefined): void {
    if (conversation === undefined || this.shows(conversation)) this.gear.emitter.emit("thread", { conversation });
  }

  /** Applies what the server said. Says whether that was new. */
  apply(heard: Heard): boolean {
    const { book, desk, typists } = this.gear;
    switch (heard.type) {
      case "step": {
        desk?.step(heard.step, book.find(heard.step.conversation) !== undefined);
        const applied = book.step(heard.step);
        if (applied) this.settle(applied.thread, applied.outcome);
        return applied?.outcome.touched ?? false;
      }
      case "page":
        return this.page(heard.page);
      case "none":
        this.empty();
        return false;
      case "typing":
        typists.heard(heard.conversation, heard.from, heard.on);
        return false;
      case "lagging":
        desk?.refresh();
        return false;
      default:
        return false;
    }
  }

  /** Applies what the leader heard, whose cursor was `before`. */
  overhear(heard: Heard, before: Cursor | undefined): void {
    if (heard.type !== "page") {
      this.apply(heard);
      return;
    }
    const { page } = heard;
    const thread = this.gear.book.find(page.conversation);
    this.life(page.epoch);
    if (thread && before) {
      // What the server does not say the leader does: it was not further than this.
      this.page({ since: [before[1], before[2]], ...page });
      return;
    }
    this.gear.desk?.page(page);
    this.gear.book.none = false;
    thread?.heads(page.seq, page.change);
    this.pull();
  }

  /** Says whether the database lives another life now. Numbers of the old one mean nothing any more. */
  life(epoch: string | undefined): boolean {
    const { book, desk } = this.gear;
    if (epoch === undefined || epoch === book.epoch) return false;
    if (book.epoch !== undefined) {
      desk?.renew();
      for (const thread of book.all()) thread.renounce();
    }
    book.epoch = epoch;
    return true;
  }

  /** Heads, as the server or the leader tells them. */
  heads(heads: readonly Cursor[]): void {
    this.gear.book.heads(heads);
    if (heads.length > 0) this.gear.book.none = false;
    this.pull();
  }

  /** Answers for these threads come without being asked for. */
  expect(threads: readonly Thread[]): void {
    this.forget();
    for (const thread of threads) this.pulls.expect(thread, this.gear.env.now());
  }

  /** Nothing that was asked will be answered. */
  forget(): void {
    this.pulls.forget();
    this.newestAt = undefined;
  }

  /** Asks for what is missing, wherever this tab asks. */
  pull(): void {
    const { book, env, side } = this.gear;
    this.alarm();
    if (this.over || this.source?.reachable === false) return;
    const now = env.now();
    const { ask, askIn = Infinity } = this.pulls.due(book.all(), now);
    const unknown = side === "member" && !book.find() && !book.none;
    const newestIn = unknown && this.newestAt !== undefined ? this.newestAt - now : Infinity;
    if (this.source) {
      if (newestIn <= 0) this.newestAt = undefined;
      if (ask.length > 0 || newestIn <= 0) this.source.pull(ask);
    } else if (ask.length > 0 || unknown) {
      void this.fetch(ask);
    }
    const again = Math.min(askIn, newestIn > 0 ? newestIn : Infinity);
    if (again < Infinity) this.alarm = env.after(again, () => this.pull());
  }

  /** Fulfilled when the thread has its first page. */
  opening(thread: Thread): Promise<void> {
    if (!thread.cold) return Promise.resolve();
    const key = String(thread.conversation);
    return new Promise((fulfil, reject) => {
      this.openings.set(key, [...(this.openings.get(key) ?? []), { fulfil, reject }]);
      this.pull();
    });
  }

  /** Nobody waits for this conversation any more. Says whether somebody did. */
  fail(conversation: Id, error: KefuError): boolean {
    const waiting = this.openings.get(String(conversation));
    this.openings.delete(String(conversation));
    waiting?.forEach(({ reject }) => reject(error));
    return waiting !== undefined;
  }

  /** The server gives no page: not now, or never, since it knows of no such conversation, or not for us. */
  refused({ conversation, code, msg, retry_after }: Ext): void {
    if (code === undefined) return;
    if (passes(code)) {
      this.putOff(conversation, retry_after);
      return;
    }
    if (conversation === undefined) return;
    this.opened.delete(String(conversation));
    this.gear.book.close(conversation);
    const error = new KefuError(code, msg ?? "");
    if (!this.fail(conversation, error)) this.trouble(error);
  }

  /** Asked again when the server wishes. Where it does not say what it put off, that may be anything. */
  private putOff(conversation: Id | undefined, wish: number | undefined): void {
    const { book, env } = this.gear;
    const now = env.now();
    const threads = conversation === undefined ? book.all() : [book.find(conversation)];
    for (const thread of threads) {
      thread?.doubt();
      if (thread) this.pulls.postpone(thread, wish, now);
    }
    if (threads.length === 0) this.newestAt = now + (wish ?? NEWEST_AGAIN);
    this.pull();
  }

  trouble(error: KefuError): void {
    // Told once, when the page gave none; not again by everybody who needed one.
    if (error instanceof NoToken) return;
    const { code, message } = error;
    this.gear.emitter.emit("error", { code, message });
  }

  stop(): void {
    this.over = true;
    this.alarm();
    for (const conversation of [...this.openings.keys()]) this.fail(conversation, new KefuError(0, "stopped"));
  }

  private page(page: Page): boolean {
    const { book, desk, env } = this.gear;
    desk?.page(page);
    const applied = book.page(page);
    if (!applied) return false;
    const { thread, outcome } = applied;
    if (page.more) this.pulls.expect(thread, env.now());
    this.settle(thread, outcome);
    const key = String(thread.conversation);
    const waiting = this.openings.get(key);
    this.openings.delete(key);
    waiting?.forEach(({ fulfil }) => fulfil());
    return outcome.touched;
  }

  /** There is no conversation, and so nothing to wait for. */
  private empty(): void {
    const { book } = this.gear;
    if (book.none || book.find()) return;
    book.none = true;
    this.drawn(undefined);
  }

  /** Tells the page what happened, the server what was applied, and asks for what is missing. */
  private settle(thread: Thread, outcome: Outcome): void {
    const { post, desk, typists, emitter } = this.gear;
    const { conversation } = thread;
    if (outcome.touched) {
      desk?.align(thread);
      const news = outcome.added.length > 0 ? outcome.added : thread.messages;
      const own = post.seen(news, this.source !== undefined);
      typists.said(outcome.added);
      this.source?.applied([thread]);
      if (own) this.source?.deliver();
      if (this.shows(conversation)) {
        if (outcome.reset) emitter.emit("reset", { conversation });
        for (const message of outcome.added) emitter.emit("message", { conversation, message });
        for (const message of outcome.changed) emitter.emit("changed", { conversation, message });
        for (const read of outcome.reads) emitter.emit("read", { conversation, ...read });
        this.drawn(conversation);
      }
    }
    this.pull();
  }

  /** A tab without a socket asks over HTTP, in its own name and from its own cursors. */
  private async fetch(threads: readonly Thread[]): Promise<void> {
    if (this.fetching || this.over) return;
    this.fetching = true;
    const { api, book, side, shop } = this.gear;
    try {
      const askings = threads.length > 0 ? book.askings(threads) : [undefined];
      for (const asking of askings) {
        const answer = await sync(api, { asking, wait: 0, shop: side === "member" ? shop : undefined });
        if (this.over) return;
        this.life(answer.epoch);
        for (const page of pagesOf(answer, asking)) this.page(page);
        for (const refusal of refusalsOf(answer)) this.refused(refusal);
      }
      if (threads.length === 0 && !book.find()) this.empty();
    } catch (error) {
      this.trouble(error instanceof KefuError ? error : new KefuError(0, String(error)));
    } finally {
      this.fetching = false;
    }
    // Pages that came meanwhile may have left something behind; what was just asked is not asked again so soon.
    if (threads.length > 0) this.pull();
  }
}
