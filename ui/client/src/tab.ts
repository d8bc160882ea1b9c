/** One tab among those of an account: what it does when it leads, and what it hears when it does not. */

import { overHttp } from "./commands.js";
import { Engine, type Gear } from "./engine.js";
import type { State } from "./events.js";
import type { Heard } from "./heard.js";
import { newKey } from "./keys.js";
import { defined } from "./message.js";
import type { Entry } from "./outbox.js";
import { Questions } from "./questions.js";
import type { Reader, ReaderGear } from "./reader.js";
import { Reads } from "./reads.js";
import { Tabs, type Asked, type Standing as Stands, type Told } from "./tabs.js";
import type { Envelope, Id } from "./wire.js";

/** How the connection stands. */
export interface Standing {
  readonly state: State;
  readonly retryAt?: number;
}

/** Leads or follows, as the other tabs let it. */
export class Tab {
  standing: Standing = { state: "waiting" };
  /** Who this is, by the server's word. */
  me: string | undefined;
  private readonly tabs: Tabs;
  private readonly questions: Questions;
  private engine: Engine | undefined;
  private leader: string | undefined;
  /** What other tabs look at, while this one leads. */
  private readonly wanted = new Map<string, readonly Id[]>();
  private readonly reads: Reads;

  constructor(
    private readonly gear: Gear & ReaderGear,
    private readonly reader: Reader,
    name: string | undefined,
  ) {
    const { env, api } = gear;
    this.tabs = new Tabs(env, name, newKey(env), {
      role: (leading) => {
        if (leading) this.lead();
        else this.stepDown();
        gear.emitter.emit("state", { ...this.standing, leading });
      },
      hear: (note) => this.hear(note),
    });
    this.questions = new Questions(env, this.tabs, api);
    this.reads = new Reads(env, (frame) => this.ask(frame));
  }

  /** Whether this tab has the connection. */
  get leading(): boolean {
    return this.tabs.leading;
  }

  /** Takes its place among the others. */
  join(): void {
    this.tabs.join();
    if (!this.leading) this.reader.pull();
  }

  /** The page goes, or is put aside. */
  leave(): void {
    this.tabs.leave();
  }

  /** The page is looked at again, or has a network again. */
  wake(): void {
    this.join();
    if (this.engine) this.engine.wake();
    else this.tabs.post({ note: "hello", tab: this.tabs.tab });
  }

  stop(): void {
    this.tabs.leave();
    this.questions.stop();
    this.reads.stop();
    this.stand("stopped", undefined);
  }

  /** Tells the other tabs of an entry. */
  share(entry: Entry, gone: boolean): void {
    this.tabs.post({ note: "entry", entry, gone });
  }

  /** Something is in the outbox that is to be sent. */
  deliver(): void {
    this.engine?.deliver();
  }

  /** A failed entry is to be tried again, or thrown away: by the tab that leads. */
  async order(what: "again" | "discard", key: string): Promise<void> {
    if (!this.leading) this.tabs.post({ note: what, key });
    else if (what === "again" ? await this.gear.post.again(key) : this.gear.post.discard(key)) this.deliver();
  }

  /** Asks the server, by the way that there is. */
  ask(frame: Envelope): Promise<Envelope> {
    if (this.engine) return this.engine.ask(frame);
    return this.leader === undefined ? overHttp(this.gear.api, frame) : this.questions.ask(frame);
  }

  /** Says something that nobody answers, if there is a socket. */
  say(frame: Envelope): void {
    if (this.engine) this.engine.say(frame);
    else this.tabs.post({ note: "say", command: frame });
  }

  /** Up to here was read; told again until the server knows. */
  read(conversation: Id, seq: number): void {
    this.reads.read(conversation, seq);
  }

  /** Which conversations are open here may have changed. */
  looks(): void {
    this.tabs.post({ note: "want", tab: this.tabs.tab, conversations: [...this.reader.opened.values()] });
    this.prune();
    this.reader.pull();
  }

  // ---- leading

  private lead(): void {
    this.leader = this.tabs.tab;
    this.questions.lost();
    this.reader.forget();
    const { gear, reader } = this;
    const engine = new Engine(gear, {
      heard: (heard) => this.heard(heard),
      lines: (lines, asOf) => {
        this.tabs.post({ note: "lines", lines });
        return gear.desk?.take(lines, asOf) ?? false;
      },
      changedSince: () => gear.desk?.roster.asOf,
      ready: (me, epoch) => this.ready(me, epoch),
      is: (me) => this.is(me),
      state: (state, retryAt) => this.stand(state, retryAt),
      entry: (entry) => this.moved(entry),
      expect: (threads) => reader.expect(threads),
      trouble: (error) => reader.trouble(error),
    });
    this.engine = reader.source = engine;
    void gear.post.reload().then(() => {
      if (this.engine === engine) engine.carry();
    });
    engine.start();
    this.tell();
  }

  private stepDown(): void {
    this.engine?.stop();
    this.engine = this.reader.source = this.leader = undefined;
    this.wanted.clear();
    this.prune();
    this.reader.forget();
  }

  private ready(me: string | undefined, epoch: string | undefined): Promise<boolean> {
    this.me = me;
    this.reader.life(epoch);
    this.gear.desk?.refresh();
    this.tell();
    this.reader.pull();
    this.reads.again();
    return this.gear.post.belongsTo(me);
  }

  private is(me: string | undefined): Promise<boolean> {
    if (me !== undefined && me !== this.me) {
      this.me = me;
      this.tell();
    }
    return this.gear.post.belongsTo(me);
  }

  private heard(heard: Heard): boolean {
    const { book } = this.gear;
    switch (heard.type) {
      case "ack":
        if (heard.frame.action === "resume") this.reader.refused(heard.frame.ext ?? {});
        return false;
      case "heartbeat":
        // The threads still have the name of the old life, by which the server sees that they have to start over.
        if (this.reader.life(heard.epoch)) this.engine?.pull(book.all());
        this.reader.heads(heard.heads);
        this.tell();
        return false;
      default: {
        if (heard.type === "page") this.reader.life(heard.page.epoch);
        const of = heard.type === "page" ? heard.page.conversation : undefined;
        const before = of === undefined ? undefined : book.find(of)?.cursor;
        this.tabs.post({ note: "heard", heard, ...(before ? { before } : {}) });
        return this.reader.apply(heard);
      }
    }
  }

  /** The courier changed an entry. One that is stored already, where nobody will see it arrive, is done. */
  private moved(entry: Entry): void {
    const { post, book, side } = this.gear;
    post.moved(entry);
    if (entry.state !== "sent") return;
    const thread = side === "member" ? book.find() : entry.conversation === undefined ? undefined : book.find(entry.conversation);
    const arrived = thread !== undefined && entry.seq !== undefined && entry.seq <= thread.last;
    if (arrived || (side === "admin" && !thread)) post.drop(entry);
  }

  private tell(): void {
    const { me, standing, tabs } = this;
    const { book } = this.gear;
    tabs.post({ note: "standing", tab: tabs.tab, ...standing, ...defined({ me, epoch: book.epoch }), heads: book.received() });
  }

  /** Threads that nobody looks at are let go of. A member's own stays. */
  private prune(): void {
    const { side, book } = this.gear;
    if (side === "member") return;
    const kept = new Set([...this.reader.opened.keys(), ...[...this.wanted.values()].flat().map(String)]);
    const closed = book.all().map((thread) => thread.conversation).filter((conversation) => !kept.has(String(conversation)));
    for (const conversation of closed) book.close(conversation);
    this.engine?.drop(closed);
  }

  // ---- following

  private hear(note: Told | Asked): void {
    const { post, desk } = this.gear;
    switch (note.note) {
      case "heard":
        return this.leading ? undefined : this.reader.overhear(note.heard, note.before);
      case "lines":
        return void (this.leading ? undefined : desk?.take(note.lines, undefined));
      case "entry":
        post.told(note.entry, note.gone, this.leading);
        return this.deliver();
      case "answer":
        return note.tab === this.tabs.tab ? this.questions.answered(note) : undefined;
      case "standing":
        return this.leading ? undefined : this.follow(note);
      case "hello":
        return this.leading ? this.tell() : undefined;
      default:
        if (this.leading) this.serve(note);
    }
  }

  private follow(note: Stands): void {
    if (this.leader !== note.tab) {
      this.leader = note.tab;
      this.questions.lost();
      this.looks();
    }
    this.me = note.me ?? this.me;
    this.reader.life(note.epoch);
    const back = note.state === "online" && this.standing.state !== "online";
    this.stand(note.state, note.retryAt);
    if (back) {
      this.gear.desk?.refresh();
      this.reads.again();
    }
    this.reader.heads(note.heads);
  }

  /** What another tab wants of the leader. */
  private serve(note: Asked): void {
    switch (note.note) {
      case "want":
        this.wanted.set(note.tab, note.conversations);
        for (const conversation of note.conversations) this.gear.book.open(conversation);
        this.prune();
        return this.reader.pull();
      case "gone":
        this.wanted.delete(note.tab);
        return this.prune();
      case "ask":
        return void this.questions.answer(note, (frame) => this.ask(frame));
      case "say":
        return this.say(note.command);
      default:
        return void this.order(note.note, note.key);
    }
  }

  private stand(state: State, retryAt: number | undefined): void {
    const same = this.standing.state === state && this.standing.retryAt === retryAt;
    this.standing = { state, ...(retryAt === undefined ? {} : { retryAt }) };
    if (same) return;
    if (this.leading) this.tell();
    this.gear.emitter.emit("state", { ...this.standing, leading: this.leading });
  }
}
