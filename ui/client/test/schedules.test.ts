import { expect, test } from "vitest";
import { pageOf, understand } from "../src/heard";
import { Thread, type Side } from "../src/thread";
import type { Cursor, Envelope } from "../src/wire";
import { dice } from "./support/clock";
import { Conversation, shown, truth, type Row } from "./support/model";

const SCHEDULES = 3_000;
const STEPS = 70;

test(`${SCHEDULES} seeded schedules of lost, doubled and swapped frames end with the server's own list`, () => {
  for (let seed = 1; seed <= SCHEDULES; seed += 1) {
    const run = new Schedule(seed);
    run.play();
    run.settle();
    expect(shown(run.thread.messages), `seed ${seed}`).toEqual(truth(run.conversation, run.side, run.thread.first));
    expect(run.thread.cursor, `seed ${seed}`).toEqual([9, run.conversation.seq, run.conversation.change]);
    // A cursor that passes nothing of the other side moves in silence, so it is the messages that are compared.
    expect(read(run.conversation.rows, run.thread), `seed ${seed}`).toEqual(read(run.conversation.rows, run.conversation));

    run.loadAll();
    expect(run.thread.unread, `seed ${seed}`).toBe(run.conversation.unread(run.side));
    expect(shown(run.thread.messages), `seed ${seed}`).toEqual(truth(run.conversation, run.side));
    expect(run.announced, `seed ${seed}`).toEqual(run.announcedOnce());
  }
}, 60_000);

function read(rows: readonly Row[], { memberRead, deskRead }: { memberRead: number; deskRead: number }): number[] {
  return rows.filter(({ seq, side }) => seq <= (side === "member" ? deskRead : memberRead)).map(({ seq }) => seq);
}

/** A server that works, a client that applies, and a network between them that loses, doubles and swaps. */
class Schedule {
  conversation = new Conversation(9);
  readonly side: Side;
  readonly thread: Thread;
  /** Numbers of the messages that were announced as new since the last reset. */
  announced: number[] = [];
  private readonly random: () => number;
  private epoch = 1;
  /** Whether pages say from where they go on. Where they do not, one question at a time is asked. */
  private readonly says: boolean;
  private frames: Envelope[] = [];
  /** Answers, in order, as a socket keeps them. */
  private pages: { left: number; page: () => void }[] = [];
  private said = 0;

  constructor(seed: number) {
    this.random = dice(seed);
    this.side = this.chance(0.5) ? "member" : "admin";
    this.says = this.chance(0.5);
    this.thread = new Thread(9, this.side);
    for (let n = this.pick(8); n > 0; n -= 1) this.say();
    this.frames = [];
  }

  play(): void {
    for (let n = 0; n < STEPS; n += 1) {
      if (this.chance(0.45)) this.happen();
      if (this.chance(0.6)) this.deliver();
      if (this.chance(0.25)) this.ask();
      if (this.chance(0.3)) this.answer();
      if (this.chance(0.05)) this.history(this.pick(5) + 1);
      if (this.chance(0.02)) this.reconnect();
      if (this.chance(0.01)) this.restore();
    }
  }

  /** The network is good again, and heads are told. */
  settle(): void {
    while (this.pages.length > 0) this.answer();
    for (let n = 0; n < 50; n += 1) {
      this.thread.heads(this.conversation.seq, this.conversation.change);
      if (!this.thread.behind) return;
      this.ask();
      while (this.pages.length > 0) this.answer();
    }
    throw new Error("it never catches up");
  }

  loadAll(): void {
    while (!this.thread.complete) this.history(3);
  }

  announcedOnce(): number[] {
    return [...new Set(this.announced)].sort((one, other) => one - other);
  }

  private happen(): void {
    const dice = this.random();
    const of = this.conversation;
    const seq = this.pick(of.seq) + 1;
    if (dice < 0.6) this.say();
    else if (dice < 0.7) this.tell(of.revoke(seq), "revoke");
    else if (dice < 0.78) this.tell(of.hide(seq, this.side), "delete");
    else if (dice < 0.84) {
      const other = this.side === "member" ? "admin" : "member";
      if (of.hide(seq, other)) this.frames.push(of.update());
    } else if (dice < 0.95) {
      const by = this.chance(0.5) ? "member" : "desk";
      if (of.read(by, seq)) this.frames.push(of.readFrame(by));
    } else {
      of.pin(this.chance(0.5));
      this.frames.push(of.update());
    }
  }

  private say(): void {
    const { row } = this.conversation.say(this.chance(0.5) ? "member" : "admin", `m${++this.said}`);
    this.tell(row, "send");
  }

  private tell(row: ReturnType<Conversation["revoke"]>, action: string): void {
    if (row) this.frames.push(structuredClone(this.conversation.envelope(row, this.side, action)));
  }

  /** Any frame, not only the first; sometimes it is lost, and sometimes it stays to come again. */
  private deliver(): void {
    if (this.frames.length === 0) return;
    const at = this.chance(0.7) ? 0 : this.pick(this.frames.length);
    const frame = this.frames[at] as Envelope;
    if (!this.chance(0.15)) this.frames.splice(at, 1);
    if (this.chance(0.15)) return;
    const heard = understand(frame);
    if (heard.type === "step") this.applied(this.thread.step(heard.step));
  }

  private ask(): void {
    if (!this.thread.behind || this.pages.length > (this.says ? 2 : 0)) return;
    const asked = this.thread.epoch;
    let cursor: Cursor | undefined = this.thread.cursor;
    const read = () => {
      if (!cursor) return;
      const { ext, next }: ReturnType<Conversation["page"]> = this.conversation.page(cursor, this.side, `e${this.epoch}`, asked, 3);
      cursor = next;
      const { since, ...rest } = structuredClone(ext);
      const page = pageOf(this.says && since ? { ...rest, since } : rest);
      // The next page is read later than this one, when more has happened.
      this.pages.unshift({ left: this.pick(3), page: () => page && this.applied(this.thread.page(page)) });
      if (cursor) this.pages.splice(1, 0, { left: 0, page: read });
    };
    this.pages.push({ left: this.pick(3), page: read });
  }

  private answer(): void {
    const first = this.pages[0];
    if (!first) return;
    if (first.left > 0) {
      first.left -= 1;
      return;
    }
    this.pages.shift();
    first.page();
  }

  private history(limit: number): void {
    if (this.thread.cold || this.thread.complete) return;
    const rows = this.conversation.rows.slice(Math.max(0, this.thread.first - 1 - limit), this.thread.first - 1);
    const messages = structuredClone(rows.map((row) => this.conversation.envelope(row, this.side)));
    this.thread.older(messages.map((frame) => understand(frame)).map((heard) => (heard.type === "step" ? heard.step.added! : (undefined as never))));
  }

  /** A new socket: nothing of the old one arrives any more. */
  private reconnect(): void {
    this.frames = [];
    this.pages = [];
    this.ask();
  }

  /** The database is brought back from a backup, and lives another life from there. */
  private restore(): void {
    this.epoch += 1;
    const kept = this.pick(this.conversation.seq + 1);
    const restored = new Conversation(9);
    for (const row of this.conversation.rows.slice(0, kept)) restored.say(row.side, row.content);
    this.conversation = restored;
    this.frames = [];
    this.pages = [];
    // As in the greeting of a new socket: the old cursor under the old name.
    this.thread.renounce();
    this.ask();
  }

  private applied(outcome: { added: { seq: number }[]; reset: boolean }): void {
    if (outcome.reset) this.announced = [];
    this.announced.push(...outcome.added.map((message) => message.seq));
  }

  private chance(of: number): boolean {
    return this.random() < of;
  }

  private pick(below: number): number {
    return Math.floor(this.random() * below);
  }
}
