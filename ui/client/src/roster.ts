/** The desk's list of conversations: one line for each, kept up by the same frames as the threads. Pure. */

import type { Page, Step } from "./heard.js";
import { shown } from "./mall.js";
import { defined, type Message } from "./message.js";
import { isId, type Id, type Kind, type Style } from "./wire.js";

/** One line of the desk's list. Objects are never changed in place. */
export interface DeskLine {
  readonly conversation: Id;
  readonly shop: Id;
  readonly member: Id;
  readonly nickname?: string;
  readonly avatar?: string;
  readonly preview: { readonly style: Style; readonly kind: Kind; readonly content: string };
  /** Milliseconds. */
  readonly lastTime: number;
  readonly unread: number;
  readonly pinned: boolean;
  /** Hidden until somebody writes again; not in {@link Roster.lines}. */
  readonly hidden: boolean;
  readonly seq: number;
  readonly change: number;
  readonly deskRead: number;
}

/** A conversation in the mall's spelling, as `kefu-conversation/list` answers it. */
export interface MallConversation {
  id: Id;
  userId: Id;
  userNickname?: string | null;
  userAvatar?: string | null;
  lastMessageTime: number;
  lastMessageContent: string;
  lastMessageContentType: number;
  adminPinned: boolean;
  adminDeleted: boolean;
  adminUnreadMessageCount: number;
  adminReadSeq?: number;
  seq: number;
  change: number;
  shopId?: Id;
}

/** All lines that were heard of. */
export class Roster {
  private readonly known = new Map<string, DeskLine>();
  private sorted: readonly DeskLine[] | undefined;
  /** What to hand back as `changedSince`; absent until the list was read once. */
  asOf: number | undefined;

  /** What to show: pinned first, then the newest message first. */
  get lines(): readonly DeskLine[] {
    this.sorted ??= [...this.known.values()].filter((line) => !line.hidden && line.seq > 0).sort(order);
    return this.sorted;
  }

  /** The line of a conversation. */
  line(conversation: Id): DeskLine | undefined {
    return this.known.get(String(conversation));
  }

  /** Takes in an answer of the server. Says which lines are different now. */
  load(items: readonly MallConversation[], asOf: number | undefined, escaped: boolean): Id[] {
    if (asOf !== undefined) this.asOf = asOf;
    const touched: Id[] = [];
    for (const item of items) {
      if (!isId(item.id)) continue;
      const old = this.line(item.id);
      if (old && old.change > item.change) continue;
      this.set(lineOf(item, escaped));
      touched.push(item.id);
    }
    return touched;
  }

  /** Applies a frame to its line. `stale`: the line is no longer certain, and the list has to be asked what changed. */
  step(step: Step): { touched: boolean; stale: boolean } {
    const old = this.line(step.conversation);
    if (!old) return { touched: false, stale: true };
    if (step.change <= old.change) return { touched: false, stale: false };
    let line: DeskLine = { ...old, change: step.change };
    let stale = step.change > old.change + 1;
    if (step.added && step.added.seq > line.seq) line = newest(line, step.added);
    if (step.touched) {
      const { seq, category, revoked } = step.touched;
      if (seq === line.seq && revoked) line = { ...line, preview: preview(step.touched) };
      const uncounted = step.unread === undefined && category === "customer" && seq > line.deskRead;
      stale ||= (seq === line.seq && !revoked) || uncounted;
    }
    if (step.read?.by === "desk" && step.read.seq > line.deskRead) {
      line = { ...line, deskRead: step.read.seq, unread: step.read.seq >= line.seq ? 0 : line.unread };
      stale ||= step.unread === undefined && step.read.seq < line.seq;
    }
    const { pinned = line.pinned, hidden = line.hidden, unread = line.unread } = step;
    line = { ...line, pinned, hidden, unread };
    this.set(line);
    return { touched: true, stale };
  }

  /** Applies a page to its line, if the page is not older. */
  page(page: Page): boolean {
    const old = this.line(page.conversation);
    if (!old || page.change < old.change || page.more) return false;
    const last = page.messages.at(-1);
    const { unread = old.unread, change, deskRead } = page;
    const line = last && last.seq >= old.seq ? newest(old, last) : old;
    this.set({ ...line, unread, change, deskRead, pinned: page.pinned ?? old.pinned, hidden: page.hidden ?? old.hidden });
    return true;
  }

  /** The thread of this conversation is open and knows better how much is unread. */
  align(conversation: Id, change: number, unread: number): boolean {
    const line = this.line(conversation);
    if (!line || line.change !== change || line.unread === unread) return false;
    this.set({ ...line, unread });
    return true;
  }

  /** Forgets everything: another life of the database. */
  clear(): void {
    this.known.clear();
    this.sorted = undefined;
    this.asOf = undefined;
  }

  private set(line: DeskLine): void {
    this.known.set(String(line.conversation), line);
    this.sorted = undefined;
  }
}

function newest(line: DeskLine, message: Message): DeskLine {
  const unread = message.category === "customer" && !message.revoked ? line.unread + 1 : line.unread;
  return { ...line, seq: message.seq, preview: preview(message), lastTime: message.createdAt, hidden: false, unread };
}

function preview({ style, kind, content }: Message): DeskLine["preview"] {
  return { style, kind, content };
}

function lineOf(item: MallConversation, escaped: boolean): DeskLine {
  const { style, kind, content } = shown(item.lastMessageContentType, item.lastMessageContent ?? "", escaped);
  return {
    ...defined({ nickname: item.userNickname, avatar: item.userAvatar }),
    conversation: item.id,
    shop: item.shopId ?? 0,
    member: item.userId,
    preview: { style, kind, content },
    lastTime: item.lastMessageTime ?? 0,
    unread: item.adminUnreadMessageCount ?? 0,
    pinned: item.adminPinned === true,
    hidden: item.adminDeleted === true,
    seq: item.seq ?? 0,
    change: item.change ?? 0,
    deskRead: item.adminReadSeq ?? 0,
  };
}

function order(one: DeskLine, other: DeskLine): number {
  if (one.pinned !== other.pinned) return one.pinned ? -1 : 1;
  return other.lastTime - one.lastTime || Number(other.conversation) - Number(one.conversation);
}
