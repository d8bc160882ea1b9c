/** What only the leading tab has: the socket or the long poll, and the courier. */

import { CURSORS, type Asking, type Book } from "./book.js";
import { overHttp } from "./commands.js";
import { Courier, type Stored } from "./courier.js";
import { sendBody, sendFrame } from "./draft.js";
import type { Cancel, Env } from "./env.js";
import type { State } from "./events.js";
import type { Heard } from "./heard.js";
import { KefuError, type Api, type Bases } from "./http.js";
import { Line, type LineState } from "./line.js";
import { defined } from "./message.js";
import type { Entry, Outbox } from "./outbox.js";
import { Poll } from "./poll.js";
import { Receipts } from "./receipts.js";
import type { MallConversation } from "./roster.js";
import type { Post } from "./post.js";
import { pagesOf, refusalsOf, type Synced } from "./sync.js";
import type { Side, Thread } from "./thread.js";
import type { Tokens } from "./tokens.js";
import type { Envelope, Id } from "./wire.js";

/** What the engine works with. */
export interface Gear {
  readonly env: Env;
  readonly api: Api;
  readonly bases: Bases;
  readonly tokens: Tokens;
  readonly side: Side;
  readonly shop: Id | undefined;
  readonly book: Book;
  readonly outbox: Outbox;
  readonly post: Post;
}

/** Who owns the engine. */
export interface Owner {
  /** Applies what was heard. Says whether it was new. */
  heard(heard: Heard): boolean;
  /** Lines of the desk's list changed. */
  lines(items: readonly MallConversation[], asOf: number | undefined): boolean;
  changedSince(): number | undefined;
  /** Connected, as this person. `epoch`: the life of the database. Says whether the outbox is theirs. */
  ready(me: string | undefined, epoch: string | undefined): Promise<boolean>;
  /** The long poll was answered as this person, or the server does not say. Says whether the outbox is theirs. */
  is(me: string | undefined): Promise<boolean>;
  state(state: State, retryAt: number | undefined): void;
  /** An entry of the outbox is another now. */
  entry(entry: Entry): void;
  /** Answers for these threads are on their way. */
  expect(threads: readonly Thread[]): void;
  trouble(error: KefuError): void;
}

/** Runs from {@link Engine.start} to {@link Engine.stop}, once. */
export class Engine {
  private readonly line: Line;
  private readonly poll: Poll;
  private readonly receipts = new Receipts();
  private courier: Courier | undefined;
  private later: Cancel = () => {};
  private greeted: Asking[] = [];
  private turn = 0;
  private identified = 0;
  private stopped = false;
  /** Whether the last question of the long poll was answered. */
  private polling = false;
  private lastState: LineState = { state: "connecting" };
  /** Whether it is certain that the outbox is this person's. */
  private known = false;
  /** Whose it was found to be. */
  private me: string | undefined;

  constructor(
    private readonly gear: Gear,
    private readonly owner: Owner,
  ) {
    const { env, api, bases, tokens, shop, book } = gear;
    this.line = new Line(env, bases, tokens, {
      greeting: () => this.greeting(),
      ready: (ack) => void this.ready(ack),
      heard: (heard) => void owner.heard(heard),
      received: () => {
        this.receipts.told(env.now());
        return book.received();
      },
      down: () => this.courier?.go(),
      state: (state) => this.lineState(state),
      blocked: () => this.fallBack(),
      refused: (error) => owner.trouble(error),
    });
    this.poll = new Poll(env, api, shop, {
      asking: () => this.nextAsking(),
      changedSince: () => owner.changedSince(),
      synced: (answer, asking) => this.synced(answer, asking),
      failed: (error) => {
        this.polls(false);
        owner.trouble(error);
      },
    });
  }

  /** Whether something that is missing can be asked for now. */
  get reachable(): boolean {
    return this.line.online !== undefined || this.poll.on;
  }

  start(): void {
    this.line.start();
  }

  /** From here on the outbox is carried. */
  carry(): void {
    if (this.stopped) return;
    const { env, outbox, post } = this.gear;
    this.courier?.stop();
    this.courier = new Courier(env, outbox, post, {
      carry: (entry) => this.way(entry),
      moved: (entry) => this.owner.entry(entry),
      stored: (_, stored) => {
        // Nobody polls for a conversation that did not exist a moment ago.
        if (this.poll.on && stored.conversation === undefined && !this.gear.book.find()) this.poll.again();
      },
    });
    this.courier.go();
  }

  stop(): void {
    this.stopped = true;
    this.later();
    this.courier?.stop();
    this.line.stop();
    this.poll.stop();
  }

  /** The page is looked at again, or has a network again. */
  wake(): void {
    this.gear.outbox.wake(this.gear.env.now());
    this.line.wake();
    this.poll.again();
    this.courier?.go();
  }

  /** Something new is in the outbox, or something left it. */
  deliver(): void {
    this.courier?.go();
  }

  /** Asks the server, over the socket where there is one. */
  async ask(frame: Envelope): Promise<Envelope> {
    const socket = this.line.online;
    if (!socket) return overHttp(this.gear.api, frame);
    try {
      return await socket.ask(frame);
    } catch (error) {
      if (error instanceof KefuError && error.code !== 0) throw error;
      return overHttp(this.gear.api, frame);
    }
  }

  /** Says something that nobody answers, if there is a socket. */
  say(frame: Envelope): void {
    this.line.online?.say(frame);
  }

  /** Asks for what these threads miss. */
  pull(threads: readonly Thread[]): void {
    if (this.poll.on) this.poll.again();
    const askings = threads.length > 0 ? this.gear.book.askings(threads) : [{ resume: [] }];
    for (const asking of askings) this.resume(asking);
  }

  /** These conversations are followed no more. */
  drop(conversations: readonly Id[]): void {
    for (let at = 0; at < conversations.length; at += CURSORS) {
      this.say({ action: "resume", ext: { drop: conversations.slice(at, at + CURSORS) } });
    }
  }

  /** These threads were applied further; the server is told soon. */
  applied(threads: readonly Thread[]): void {
    for (const thread of threads) this.receipts.applied(thread.cursor);
    this.tell();
  }

  private tell(): void {
    this.later();
    const socket = this.line.online;
    if (!socket) return;
    const { tell, askIn } = this.receipts.due(this.gear.env.now());
    if (tell) socket.say({ category: "receive", ext: { received: tell } });
    if (askIn !== undefined) this.later = this.gear.env.after(askIn, () => this.tell());
  }

  private greeting(): NonNullable<Envelope["ext"]> {
    const { book, side, shop } = this.gear;
    const [first, ...others] = book.askings(book.all());
    this.greeted = others;
    this.owner.expect(book.all());
    // A member who knows of no conversation asks for the newest page of whatever there is.
    const resume = first?.resume ?? (side === "member" ? [] : undefined);
    return defined({ shop: side === "member" ? (shop ?? 0) : undefined, epoch: first?.epoch ?? book.epoch, resume });
  }

  private async ready(ack: Envelope): Promise<void> {
    this.poll.stop();
    this.polling = false;
    for (const asking of this.greeted) this.resume(asking);
    await this.identify(() => this.owner.ready(ack.from, ack.ext?.epoch));
    this.me = ack.from;
    this.gear.outbox.wake(this.gear.env.now());
    this.courier?.go();
  }

  /** Nothing of the outbox goes until it is certain whose it is. */
  private async identify(whose: () => Promise<boolean>): Promise<void> {
    this.known = false;
    const turn = ++this.identified;
    const known = await whose();
    if (turn === this.identified) this.known = known;
  }

  private resume({ epoch, resume }: Asking): void {
    this.say({ action: "resume", ext: { ...(epoch === undefined ? {} : { epoch }), resume } });
  }

  private lineState(state: LineState): void {
    this.lastState = state;
    if (this.polling && state.state !== "online" && state.state !== "denied") return;
    this.owner.state(state.state, "retryAt" in state ? state.retryAt : undefined);
  }

  private fallBack(): void {
    if (this.poll.on) return;
    this.poll.start();
    this.courier?.go();
  }

  /** The long poll gets through, or it does not: then nothing does, and the line says what comes next. */
  private polls(through: boolean): void {
    if (this.polling === through) return;
    this.polling = through;
    if (through) this.owner.state("polling", undefined);
    else this.lineState(this.lastState);
  }

  private nextAsking(): Asking | undefined {
    const askings = this.gear.book.askings(this.gear.book.all());
    return askings[this.turn++ % Math.max(1, askings.length)];
  }

  private synced(answer: Synced, asking: Asking | undefined): boolean {
    const { side } = this.gear;
    let news = false;
    this.polls(true);
    if (side === "member" && asking === undefined && !answer.conversations?.length) this.owner.heard({ type: "none" });
    for (const page of pagesOf(answer, asking)) if (this.owner.heard({ type: "page", page })) news = true;
    for (const ext of refusalsOf(answer)) this.owner.heard({ type: "ack", frame: { category: "ack", action: "resume", ext } });
    if (answer.list && this.owner.lines(answer.list, answer.asOf)) news = true;
    void this.carryAs(answer.me);
    return news;
  }

  /** On the long poll, where every answer says whose it is. */
  private async carryAs(me: string | undefined): Promise<void> {
    if (!this.known || (me !== undefined && me !== this.me)) {
      await this.identify(() => this.owner.is(me));
      this.me = me;
    }
    this.courier?.go();
  }

  private way(entry: Entry): Promise<Stored> | undefined {
    const { api, side, shop } = this.gear;
    const { key, draft, conversation } = entry;
    const socket = this.line.online;
    if (!this.known) return undefined;
    if (socket) {
      return socket.ask(sendFrame(draft, key, conversation)).then(({ id, ext }) => {
        return { id, seq: ext?.seq, conversation: ext?.conversation };
      });
    }
    if (!this.poll.on) return undefined;
    const body = sendBody(draft, key, conversation, side === "member" ? shop : undefined);
    return api.ask<Id>("POST", "/promotion/kefu-message/send", { body }).then(({ data, headers }) => {
      return { id: data, seq: Number(headers.get("kefu-seq")) || undefined };
    });
  }
}
