/** What a page calls. */

import { Book } from "./book.js";
import { deleteFrame, revokeFrame, typingFrame } from "./commands.js";
import { Desk } from "./desk.js";
import type { Draft } from "./draft.js";
import { surroundings, type Cancel } from "./env.js";
import { Emitter, type Events } from "./events.js";
import { History } from "./history.js";
import { Api, Bases, KefuError } from "./http.js";
import type { Message } from "./message.js";
import { nameOf, worldOf, type ClientOptions } from "./options.js";
import type { Entry } from "./outbox.js";
import { Post } from "./post.js";
import { Reader } from "./reader.js";
import type { DeskLine } from "./roster.js";
import { Tab } from "./tab.js";
import { Tokens } from "./tokens.js";
import { Typists } from "./typists.js";
import { Views, type ThreadView } from "./view.js";
import type { Id } from "./wire.js";

/** Makes a client and starts it. */
export function createClient(options: ClientOptions): KefuClient {
  return new KefuClient(options);
}

/**
 * A member's or an agent's connection to the desk.
 *
 * It keeps itself alive, applies every message exactly once and in order, and keeps what was said until the server has
 * it. A page calls its methods, listens to its events and draws {@link KefuClient.thread}.
 */
export class KefuClient {
  private readonly emitter = new Emitter();
  private readonly book: Book;
  private readonly post: Post;
  private readonly desk: Desk | undefined;
  private readonly typists: Typists;
  private readonly reader: Reader;
  private readonly tab: Tab;
  private readonly history: History;
  private readonly views: Views;
  private readonly unwatch: Cancel[];
  private over = false;

  constructor(private readonly options: ClientOptions) {
    const { emitter } = this;
    const { side, shop, token } = options;
    const env = worldOf(options, surroundings());
    const bases = new Bases(typeof options.base === "string" ? [options.base] : options.base);
    const escaped = options.escapedLists ?? true;
    const name = nameOf(options);
    const trouble = ({ code, message }: KefuError) => emitter.emit("error", { code, message });
    const tokens = new Tokens(env, token, (error) => {
      if (!this.over) trouble(error);
    });
    const api = new Api(env, bases, side === "member" ? "/app-api" : "/admin-api", tokens);

    const book = (this.book = new Book(side, shop));
    const post = (this.post = new Post(env, name, options.storage, {
      changed: (entry, gone) => {
        emitter.emit("outbox", { entry, gone });
        this.reader.drawn(entry.conversation ?? this.book.mine);
      },
      share: (entry, gone) => this.tab.share(entry, gone),
      trouble,
    }));
    const typists = (this.typists = new Typists(env, {
      say: (conversation, on) => this.tab.say(typingFrame(conversation, on)),
      shown: (conversation, from, on) => {
        emitter.emit("typing", { conversation, from, on });
        this.reader.drawn(conversation);
      },
    }));
    const line = (conversation: Id) => emitter.emit("conversation", { conversation });
    const desk = (this.desk = side === "admin" ? new Desk(env, api, escaped, { line, trouble }) : undefined);

    const gear = { env, api, bases, tokens, side, shop, book, post, outbox: post.outbox, desk, typists, emitter };
    this.reader = new Reader(gear);
    this.tab = new Tab(gear, this.reader, name);
    this.history = new History(gear, escaped);
    this.views = new Views(gear);
    this.unwatch = [env.page?.on("wake", () => this.tab.wake()), env.page?.on("hide", () => this.tab.leave())].filter(
      (off) => off !== undefined,
    );
    this.tab.join();
  }

  /** Who this is, by the server's word: `member:101`, `admin:7`; `undefined` before the first connection. */
  get me(): string | undefined {
    return this.tab.me;
  }

  /** How the connection stands. */
  get state(): Events["state"] {
    return { ...this.tab.standing, leading: this.tab.leading };
  }

  /**
   * The conversation as it is now: for members their own, for agents one that they opened. The same object until
   * something changes.
   */
  thread(conversation?: Id): ThreadView {
    return this.views.of(conversation);
  }

  /** The desk's list, pinned first, then the newest message first. Empty for members. */
  conversations(): readonly DeskLine[] {
    return this.desk?.roster.lines ?? [];
  }

  /** Listens to an event until the answer is called. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    return this.emitter.on(name, listener);
  }

  /**
   * Says something. Fulfilled when it is written down here, not when it is sent: from then on it is sent sooner or later,
   * once, whatever happens. Agents name the conversation.
   */
  async send(draft: Draft | string, conversation?: Id): Promise<Entry> {
    const agent = this.options.side === "admin";
    if (agent && conversation === undefined) throw new TypeError("an agent names the conversation");
    const to = agent ? conversation : undefined;
    const thread = this.book.find(to);
    if (thread) this.typists.sent(thread.conversation);
    const entry = await this.post.write(typeof draft === "string" ? { content: draft } : draft, to);
    this.tab.deliver();
    return entry;
  }

  /** Tries a failed entry once more. */
  retry(key: string): void {
    void this.tab.order("again", key);
  }

  /** Throws away an entry that failed or was never tried. One that is on its way, or may be stored, cannot be taken back. */
  discard(key: string): void {
    void this.tab.order("discard", key);
  }

  /** Everything up to this number was read; all there is where none is named. Told again until the server has it. */
  read(seq?: number, conversation?: Id): void {
    const thread = this.book.find(conversation);
    if (!thread) return;
    const upTo = Math.min(seq ?? thread.last, thread.last);
    const already = this.options.side === "member" ? thread.memberRead : thread.deskRead;
    if (upTo > already) this.tab.read(thread.conversation, upTo);
  }

  /** Takes a message of one's own back. Rejects with the server's code: too late, somebody else's, unknown. */
  async revoke({ conversation, id }: Pick<Message, "conversation" | "id">): Promise<void> {
    await this.tab.ask(revokeFrame(conversation, id));
  }

  /** Hides a message from one's own side. Rejects with the server's code. */
  async delete({ conversation, id }: Pick<Message, "conversation" | "id">): Promise<void> {
    await this.tab.ask(deleteFrame(conversation, id));
  }

  /** Somebody types, or does no more. May be called with every key. */
  typing(on: boolean, conversation?: Id): void {
    const thread = this.book.find(conversation);
    if (thread) this.typists.own(thread.conversation, on);
  }

  /**
   * Loads what is before the first message that is there, at most `limit` (200) messages, and says how many came. 0: that
   * was the beginning. Rejects with a {@link KefuError} where the server does not answer.
   */
  async older(conversation?: Id, limit = 50): Promise<number> {
    const thread = this.book.find(conversation);
    const joined = thread ? await this.history.older(thread, limit) : 0;
    if (thread && joined > 0) this.reader.drawn(thread.conversation);
    return joined;
  }

  /** Agents: follows a conversation. Fulfilled when its newest page is here; rejects where there is none. */
  async open(conversation: Id): Promise<ThreadView> {
    this.reader.opened.set(String(conversation), conversation);
    const thread = this.book.open(conversation);
    this.tab.looks();
    await this.reader.opening(thread);
    return this.thread(conversation);
  }

  /** Agents: follows it no more. */
  close(conversation: Id): void {
    this.reader.opened.delete(String(conversation));
    this.reader.fail(conversation, new KefuError(0, "closed"));
    this.views.forget(conversation);
    this.typists.forget(conversation);
    this.tab.looks();
  }

  /** Ends everything. What is in the outbox stays there for the next client of this account. */
  stop(): void {
    if (this.over) return;
    this.over = true;
    for (const off of this.unwatch) off();
    this.tab.stop();
    this.reader.stop();
    this.typists.stop();
    this.desk?.stop();
    this.post.close();
  }
}
