/**
 * One conversation as far as it was applied. Pure: it is told what was heard and answers what that did; it never asks
 * anybody. Whoever owns it looks at {@link Thread.behind} and fetches what is missing.
 */

import type { Page, Step } from "./heard.js";
import type { Message } from "./message.js";
import { Rows } from "./rows.js";
import type { Cursor, Id } from "./wire.js";

/** Which side looks at the conversation. */
export type Side = "member" | "admin";

/** What hearing something did to a thread. */
export interface Outcome {
  /** New messages above everything that was there, in order. */
  readonly added: Message[];
  /** Messages that were there and are now another: revoked or deleted. */
  readonly changed: Message[];
  /** Whose reading moved. */
  readonly reads: { by: "member" | "desk"; seq: number }[];
  /** What was known is no longer valid: the view starts over. */
  reset: boolean;
  /** Whether anything that one can see is different. */
  touched: boolean;
}

/** Steps kept while something before them is missing. Beyond that a page brings them anyway. */
const AHEAD = 256;

/** The rows of a conversation from some number on, without gaps, and its two heads. */
export class Thread {
  shop: Id | undefined;
  member: Id | undefined;
  memberRead = 0;
  deskRead = 0;
  /** Messages of the other side that this side has not read. */
  unread = 0;
  pinned = false;
  hidden = false;
  /** The life of the database that the cursor belongs to. */
  epoch: string | undefined;
  /** Nothing was applied yet, not even that there is nothing. */
  cold = true;
  /** Counts up with everything that one can see. */
  version = 0;

  private readonly rows = new Rows();
  private change = 0;
  /** The highest heads that anybody spoke of. */
  private heardSeq = 0;
  private heardChange = 0;
  /** The database lives another life than our cursor: nothing goes on from here, it only starts over. */
  private foreign = false;
  /** Something older than the rows changed what is unread; only a page can say by how much. */
  private miscounted = false;
  /** The number of unread messages is of those that are here, and there may be more. */
  private partial = false;
  /** The server was asked and could not say whether there is more. */
  private unanswered = false;
  private readonly ahead = new Map<number, Step>();

  constructor(
    readonly conversation: Id,
    private readonly side: Side,
  ) {}

  /** The number of the last message, 0 before the first. */
  get last(): number {
    return this.rows.last;
  }

  /** All rows that are there, deleted ones too, in order. */
  get messages(): readonly Message[] {
    return this.rows.all;
  }

  /** The lowest number that is there. */
  get first(): number {
    return this.rows.first;
  }

  /** Whether the history is there down to its first message. */
  get complete(): boolean {
    return !this.cold && this.first <= 1;
  }

  /** How far this was applied. A cold thread stands below the beginning, which is answered with the newest page. */
  get cursor(): Cursor {
    return this.cold ? [this.conversation, -1, -1] : [this.conversation, this.last, this.change];
  }

  /** Whether there is more than was applied, as far as anybody said. */
  get behind(): boolean {
    if (this.cold || this.foreign || this.miscounted || this.unanswered) return true;
    return this.change < this.heardChange || this.last < this.heardSeq;
  }

  /** The message of this number, if it is there. */
  at(seq: number): Message | undefined {
    return this.rows.at(seq);
  }

  /** Starts empty: the conversation is known to have had no message so far. */
  begin(epoch: string | undefined): void {
    if (!this.cold) return;
    this.cold = false;
    this.epoch = epoch;
  }

  /** The database lives another life from now on. What is here stays on the screen until the first page of that. */
  renounce(): void {
    this.ahead.clear();
    this.foreign = !this.cold;
  }

  /** The heads as somebody told them. Lower ones than ours mean nothing: the teller may be late. */
  heads(seq: number, change: number): void {
    this.heardSeq = Math.max(this.heardSeq, seq);
    this.heardChange = Math.max(this.heardChange, change);
  }

  /** The server could not answer: only a page can say whether there is more. */
  doubt(): void {
    this.unanswered = true;
  }

  /** Applies one change if it is the next one, keeps it if it is a later one, and ignores it otherwise. */
  step(step: Step): Outcome {
    const outcome = nothing();
    if (!this.cold && !this.foreign && step.change <= this.change) return outcome;
    if (!this.foreign) this.heads(step.added?.seq ?? 0, step.change);
    if (this.ahead.size < AHEAD) this.ahead.set(step.change, step);
    this.drain(outcome);
    return this.seen(outcome);
  }

  /** Applies a page of what was missed. What is there already is ignored, unless the page knows it newer. */
  page(page: Page): Outcome {
    const outcome = nothing();
    if (!this.joins(page)) {
      if (!this.foreign) this.unanswered &&= page.seq !== this.last || page.change !== this.change;
      this.heads(page.seq, page.change);
      return outcome;
    }
    const middle = this.cold && (page.messages[0]?.seq ?? 1) !== 1;
    if (page.reset || middle) this.restart(page, outcome);
    else this.append(page, outcome);
    this.foreign = this.unanswered = false;
    if (page.shop !== undefined) this.shop = page.shop;
    if (page.member !== undefined) this.member = page.member;
    this.drain(outcome);
    return this.seen(outcome);
  }

  /** Puts older messages before the rows, as far as they join on. Says how many did. */
  older(messages: readonly Message[]): number {
    const joined = this.rows.prepend(messages);
    if (joined > 0) this.version += 1;
    if (joined > 0 && this.partial) this.count();
    return joined;
  }

  /**
   * Whether the page goes on from where this thread is, or from before that. A page that goes on from a later cursor is
   * the answer to somebody else's question, and a newcomer's first page is of no use to one who has been here.
   */
  private joins({ since, reset, epoch, seq, change }: Page): boolean {
    if (this.cold) return reset || since === undefined || since[0] <= 0;
    if (this.foreign || (this.epoch !== undefined && epoch !== undefined && epoch !== this.epoch)) return reset;
    if (!reset) return since === undefined || (since[0] <= this.last && since[1] <= this.change);
    // One of the same life starts over where its cursor is above the head, or too much below it was altered. What says
    // nothing that is not here already answers an earlier question.
    return since === undefined ? seq !== this.last || change !== this.change : since[0] >= 0;
  }

  private restart(page: Page, outcome: Outcome): void {
    outcome.reset = !this.cold && this.change > 0;
    // Numbers went back without another name of the database: what was kept is of the time before.
    if (page.change < this.change) this.ahead.clear();
    const goesOn = !this.cold && !this.foreign && this.epoch === (page.epoch ?? this.epoch) && page.change >= this.change;
    outcome.touched = true;
    this.cold = false;
    this.epoch = page.epoch ?? this.epoch;
    this.rows.restart(page.messages, page.seq);
    if (!goesOn) this.heardSeq = this.heardChange = 0;
    this.heads(page.seq, page.change);
    // The head of changes is ours only when everything up to it is.
    this.change = page.more ? 0 : page.change;
    this.memberRead = page.memberRead;
    this.deskRead = page.deskRead;
    this.header(page);
  }

  private append(page: Page, outcome: Outcome): void {
    this.cold = false;
    this.epoch = page.epoch ?? this.epoch;
    this.heads(page.seq, page.change);
    for (const message of page.messages) {
      if (this.rows.append(message)) outcome.added.push(message);
      else if (message.seq <= this.last) this.replace(message, outcome);
    }
    for (const message of page.changed) this.replace(message, outcome);
    if (page.change < this.change) return;
    this.move("member", page.memberRead, outcome);
    this.move("desk", page.deskRead, outcome);
    this.header(page);
    outcome.touched = true;
    if (!page.more && this.last >= page.seq) this.change = page.change;
  }

  private header(page: Page): void {
    this.miscounted = false;
    if (page.unread === undefined) {
      this.count();
    } else {
      this.unread = page.unread;
      this.partial = false;
    }
    this.pinned = page.pinned ?? this.pinned;
    this.hidden = page.hidden ?? this.hidden;
  }

  /** Applies what was kept, as long as it goes on from here. */
  private drain(outcome: Outcome): void {
    if (this.cold || this.foreign) return;
    for (const change of this.ahead.keys()) if (change <= this.change) this.ahead.delete(change);
    for (;;) {
      const next = this.ahead.get(this.change + 1);
      if (!next || (next.added && next.added.seq !== this.last + 1)) return;
      this.ahead.delete(next.change);
      this.take(next, outcome);
    }
  }

  private take(step: Step, outcome: Outcome): void {
    this.change = step.change;
    if (step.shop !== undefined) this.shop = step.shop;
    if (step.member !== undefined) this.member = step.member;
    if (step.added) {
      this.rows.append(step.added);
      outcome.added.push(step.added);
      this.hidden = false;
      if (this.counts(step.added)) this.unread += 1;
    }
    if (step.touched) this.replace(step.touched, outcome);
    if (step.read && this.move(step.read.by, step.read.seq, outcome)) this.recount(step.read.by);
    if (step.pinned !== undefined) this.pinned = step.pinned;
    if (step.hidden !== undefined) this.hidden = step.hidden;
    if (step.unread !== undefined) {
      this.unread = step.unread;
      this.miscounted = false;
    }
    outcome.touched = true;
  }

  private replace(message: Message, outcome: Outcome): void {
    const was = this.rows.replace(message);
    if (was === "below") {
      // Whether it was counted before nobody here can say.
      if (this.counts({ ...message, revoked: false, deleted: false })) this.miscounted = true;
    } else if (was) {
      if (this.unread > 0 && this.counts(was.old) && !this.counts(message)) this.unread -= 1;
      outcome.changed.push(message);
    }
  }

  private move(by: "member" | "desk", seq: number, outcome: Outcome): boolean {
    if (seq <= (by === "member" ? this.memberRead : this.deskRead)) return false;
    if (by === "member") this.memberRead = seq;
    else this.deskRead = seq;
    outcome.reads.push({ by, seq });
    return true;
  }

  /** After our own side read something. */
  private recount(by: "member" | "desk"): void {
    if (by !== (this.side === "member" ? "member" : "desk")) return;
    if (this.read + 1 < this.first && !this.partial) this.miscounted = true;
    else this.count();
  }

  /** Counts what is here; what is unread further back is found when it is loaded. */
  private count(): void {
    this.unread = this.rows.all.filter((row) => this.counts(row)).length;
    this.partial = this.read + 1 < this.first;
  }

  /** How far our own side has read. */
  private get read(): number {
    return this.side === "member" ? this.memberRead : this.deskRead;
  }

  private counts({ category, seq, revoked, deleted }: Message): boolean {
    return category === (this.side === "member" ? "manager" : "customer") && seq > this.read && !revoked && !deleted;
  }

  private seen(outcome: Outcome): Outcome {
    if (outcome.added.length > 0 || outcome.changed.length > 0 || outcome.reads.length > 0) outcome.touched = true;
    if (outcome.touched) this.version += 1;
    return outcome;
  }
}

function nothing(): Outcome {
  return { added: [], changed: [], reads: [], reset: false, touched: false };
}
