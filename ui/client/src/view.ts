/** What a user interface draws: everything of one conversation, in order, and nothing to think about. */

import type { Book } from "./book.js";
import type { Message } from "./message.js";
import type { Entry } from "./outbox.js";
import type { Post } from "./post.js";
import type { Side, Thread } from "./thread.js";
import type { Typists } from "./typists.js";
import type { Id } from "./wire.js";

/** A conversation at one moment. It never changes: when something does, there is another one. */
export interface ThreadView {
  /** `undefined` while a member has not said anything yet. */
  readonly conversation: Id | undefined;
  readonly shop: Id | undefined;
  readonly member: Id | undefined;
  /** In order, without those that this side deleted. */
  readonly messages: readonly Message[];
  /** What this side said and what is not among the messages yet; drawn behind them, in this order. */
  readonly outbox: readonly Entry[];
  /** Messages of the other side that this side has not read. */
  readonly unread: number;
  /** The member has read up to here. */
  readonly memberRead: number;
  /** The desk has read up to here. */
  readonly deskRead: number;
  readonly pinned: boolean;
  readonly hidden: boolean;
  /** Who types: `member:101`, `admin:7`. */
  readonly typing: readonly string[];
  /** Whether there is nothing older to load. */
  readonly complete: boolean;
  /** Whether everything is here that anybody spoke of. */
  readonly caughtUp: boolean;
  /** The message of a number, for quotations: a tombstone if it was revoked, `undefined` if it is not loaded. */
  at(seq: number): Message | undefined;
  /** Whether the other side has read it. */
  isRead(message: Message): boolean;
}

/** Draws the view of a thread; of none, what a member sees before the first word. */
export function viewOf(
  thread: Thread | undefined,
  outbox: readonly Entry[],
  typing: readonly string[],
  none = false,
): ThreadView {
  const rows = thread ? [...thread.messages] : [];
  const first = thread?.first ?? 1;
  const [memberRead, deskRead] = [thread?.memberRead ?? 0, thread?.deskRead ?? 0];
  return {
    conversation: thread?.conversation,
    shop: thread?.shop,
    member: thread?.member,
    messages: rows.filter((row) => !row.deleted),
    outbox,
    unread: thread?.unread ?? 0,
    memberRead,
    deskRead,
    pinned: thread?.pinned ?? false,
    hidden: thread?.hidden ?? false,
    typing,
    complete: thread?.complete ?? none,
    caughtUp: thread ? !thread.behind : none,
    at: (seq) => rows[seq - first],
    isRead: ({ category, seq }) => seq <= (category === "customer" ? deskRead : memberRead),
  };
}

interface Gear {
  readonly side: Side;
  readonly book: Book;
  readonly post: Post;
  readonly typists: Typists;
}

/** The last view of each thread, given out again until something in it is another. */
export class Views {
  private readonly drawn = new Map<string, { stamp: string; thread: Thread | undefined; view: ThreadView }>();

  constructor(private readonly gear: Gear) {}

  /** The view of a conversation; of a member's own where none is named. */
  of(conversation: Id | undefined): ThreadView {
    const { side, book, post, typists } = this.gear;
    const thread = book.find(conversation);
    const typing = typists.in(thread?.conversation);
    const none = side === "member" && book.none;
    const stamp = `${thread?.version} ${thread?.behind} ${none} ${post.version} ${typing.join()}`;
    const key = String(conversation ?? "");
    const known = this.drawn.get(key);
    if (known && known.stamp === stamp && known.thread === thread) return known.view;
    const lane = side === "member" ? undefined : conversation;
    const view = viewOf(thread, post.outbox.list({ conversation: lane }), typing, none);
    this.drawn.set(key, { stamp, thread, view });
    return view;
  }

  /** Lets go of a conversation that is closed. */
  forget(conversation: Id): void {
    this.drawn.delete(String(conversation));
  }
}
