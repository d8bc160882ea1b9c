/** All conversations that this tab knows, and the way of a frame to the right one. Pure. */

import type { Page, Step } from "./heard.js";
import { Thread, type Outcome, type Side } from "./thread.js";
import { sameId, type Cursor, type Id } from "./wire.js";

/** The server takes no more cursors than this in one question. */
export const CURSORS = 64;

/** One question for what is missing: cursors of one life of the database. */
export interface Asking {
  epoch?: string;
  resume: Cursor[];
}

/** What a frame did, and to which thread. */
export interface Applied {
  readonly thread: Thread;
  readonly outcome: Outcome;
}

/** Threads by conversation. */
export class Book {
  private readonly threads = new Map<string, Thread>();
  /** A member's own conversation, once it is known to exist. */
  mine: Id | undefined;
  /** The server says that the member has no conversation yet. */
  none = false;
  /** The life of the database, as the server last told it. */
  epoch: string | undefined;

  constructor(
    private readonly side: Side,
    private readonly shop: Id | undefined,
  ) {}

  /** All threads. */
  all(): Thread[] {
    return [...this.threads.values()];
  }

  /** The thread of a conversation; of a member's own where none is named. */
  find(conversation: Id | undefined = this.mine): Thread | undefined {
    return conversation === undefined ? undefined : this.threads.get(String(conversation));
  }

  /** The thread of a conversation, made if need be. A new one is cold: everything is to be asked for. */
  open(conversation: Id): Thread {
    const known = this.find(conversation);
    if (known) return known;
    const thread = new Thread(conversation, this.side);
    this.threads.set(String(conversation), thread);
    return thread;
  }

  /** Forgets a thread. */
  close(conversation: Id): boolean {
    if (sameId(conversation, this.mine)) this.mine = undefined;
    return this.threads.delete(String(conversation));
  }

  /** Applies one change; `undefined` where the conversation is not open. */
  step(step: Step): Applied | undefined {
    const thread = this.threadOf(step);
    if (!thread) return undefined;
    // A conversation that begins under our eyes has nothing before it to ask for.
    if (thread.cold && step.change === 1 && step.added?.seq === 1) thread.begin(this.epoch);
    return { thread, outcome: thread.step(step) };
  }

  /** Applies a page; `undefined` where the conversation is not open. */
  page(page: Page): Applied | undefined {
    const thread = this.threadOf(page);
    if (!thread) return undefined;
    const epoch = page.epoch ?? this.epoch;
    return { thread, outcome: thread.page(epoch === undefined ? page : { ...page, epoch }) };
  }

  /** Hears of heads, which may be ahead of what was applied. */
  heads(heads: readonly Cursor[]): void {
    for (const [conversation, seq, change] of heads) this.find(conversation)?.heads(seq, change);
  }

  /** What to ask for these threads, in as many questions as it takes. Those of another life of the database come first. */
  askings(threads: readonly Thread[]): Asking[] {
    const lives = new Map<string, Cursor[]>();
    for (const thread of threads) {
      const life = thread.epoch ?? this.epoch ?? "";
      lives.set(life, [...(lives.get(life) ?? []), thread.cursor]);
    }
    const askings: Asking[] = [];
    for (const [epoch, list] of [...lives].sort(([one]) => (one === this.epoch ? 1 : -1))) {
      for (let at = 0; at < list.length; at += CURSORS) {
        askings.push({ ...(epoch ? { epoch } : {}), resume: list.slice(at, at + CURSORS) });
      }
    }
    return askings;
  }

  /** How far everything was applied. */
  received(): Cursor[] {
    return this.all().filter((thread) => !thread.cold).map((thread) => thread.cursor);
  }

  /** A member's socket is of one shop, and has one conversation there; an agent's threads are opened by hand. */
  private threadOf(of: { conversation: Id; shop?: Id }): Thread | undefined {
    if (this.side === "admin") return this.find(of.conversation);
    if (of.shop !== undefined && !sameId(of.shop, this.shop ?? 0)) return undefined;
    if (this.mine !== undefined && !sameId(this.mine, of.conversation)) this.close(this.mine);
    this.mine = of.conversation;
    this.none = false;
    return this.open(of.conversation);
  }
}
