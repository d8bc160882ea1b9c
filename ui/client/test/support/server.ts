import type { SocketLike } from "../../src/env";
import type { Cursor, Envelope, Ext } from "../../src/wire";
import type { Clock } from "./clock";
import { Conversation } from "./model";

type Side = "member" | "admin";

/** The server's end of a socket in the model's network. */
export class Line implements SocketLike {
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  onerror: SocketLike["onerror"] = null;
  who: string | undefined;
  side: Side = "member";
  tracked = new Set<number>();
  open = true;
  /** Everything that the client said. */
  readonly said: Envelope[] = [];

  constructor(
    private readonly house: House,
    readonly url: string,
  ) {}

  send(text: string): void {
    const frame = JSON.parse(text) as Envelope;
    this.said.push(frame);
    // JSON writes half a character like this, and no server takes it.
    const garbled = /\\ud[89a-f]/.test(text);
    this.house.clock.after(1, () => {
      if (!this.open || this.house.deaf) return;
      if (garbled || this.house.misreads(frame)) this.tell({ category: "ack", ext: { code: 400, msg: "请求参数不正确:lone surrogate" } });
      else this.house.hear(this, frame);
    });
  }

  /** The client hangs up. */
  close(): void {
    this.open = false;
    this.house.lines.delete(this);
  }

  tell(frame: Envelope): void {
    const text = JSON.stringify(frame);
    this.house.clock.after(1, () => {
      if (!this.open || this.house.mute || this.house.loses(frame)) return;
      (this.onmessage as ((event: { data: string }) => void) | null)?.({ data: text });
    });
  }

  /** The server hangs up, or the cable breaks. */
  cut(code = 1006): void {
    if (!this.open) return;
    this.close();
    (this.onclose as ((event: { code: number }) => void) | null)?.({ code });
  }
}

/** A server in memory that speaks v2 over sockets, the long poll, and as much HTTP as the client asks for. */
export class House {
  epoch = "a1";
  readonly conversations = new Map<number, Conversation>();
  readonly lines = new Set<Line>();
  /** All sockets that were ever opened. */
  readonly seen: Line[] = [];
  readonly requests: string[] = [];
  /** Sockets are refused. */
  noSockets = false;
  /** Nothing is reached, sockets and HTTP. */
  away = false;
  /** Frames of the client go nowhere. */
  deaf = false;
  /** Frames of the server go nowhere. */
  mute = false;
  loses: (frame: Envelope) => boolean = () => false;
  /** Frames of which nothing is understood, not even their key. */
  misreads: (frame: Envelope) => boolean = () => false;
  /** What `resume` is answered with instead of a page: of a conversation, or of whatever a member has. */
  refusesResume: (id: number | undefined) => Ext | undefined = () => undefined;
  /** What `read` is answered with. */
  refusesRead: () => Ext | undefined = () => undefined;
  /** What the first frame is answered with, and the code that the line is closed with. */
  refusesEntry: { ext: Ext; close: number } | undefined;
  /** The long poll says whom it answers. */
  tellsWho = true;
  /** A cursor that so many changes came after starts over. */
  mostChanged = Infinity;
  /** What `send` is answered with instead of storing. */
  refuses: ((content: string) => Ext | undefined) | undefined;
  /** The next so many sends are stored, and then the line is cut before the answer. */
  cutAfterCommit = 0;
  refusesTokens = false;
  limit = 4;
  private waiting: (() => void)[] = [];

  constructor(readonly clock: Clock) {}

  conversation(id: number, member = 101, shop = 0): Conversation {
    const known = this.conversations.get(id) ?? new Conversation(id, shop, member);
    this.conversations.set(id, known);
    return known;
  }

  socket = (url: string): SocketLike => {
    const line = new Line(this, url);
    this.seen.push(line);
    if (this.noSockets || this.away) {
      this.clock.after(1, () => line.cut());
      return line;
    }
    this.lines.add(line);
    this.clock.after(1, () => {
      if (line.open) (line.onopen as (() => void) | null)?.();
    });
    return line;
  };

  // ---- what happens in the house

  say(id: number, side: Side, content: string, key?: string) {
    const conversation = this.conversation(id);
    const said = conversation.say(side, content, key, this.clock.now());
    if (!said.duplicate) this.tellAll(conversation, (of) => conversation.envelope(said.row, of));
    return said;
  }

  revoke(id: number, seq: number): void {
    const conversation = this.conversation(id);
    const row = conversation.revoke(seq);
    if (row) this.tellAll(conversation, (of) => conversation.envelope(row, of, "revoke"));
  }

  hide(id: number, seq: number, side: Side): void {
    const conversation = this.conversation(id);
    const row = conversation.hide(seq, side);
    if (row) this.tellAll(conversation, (of) => (of === side ? conversation.envelope(row, of, "delete") : conversation.update()));
  }

  read(id: number, by: "member" | "desk", seq: number): void {
    const conversation = this.conversation(id);
    if (conversation.read(by, seq)) this.tellAll(conversation, () => conversation.readFrame(by));
  }

  pin(id: number, pinned: boolean): void {
    const conversation = this.conversation(id);
    conversation.pin(pinned);
    this.tellAll(conversation, () => conversation.update());
  }

  cutAll(code = 1006): void {
    for (const line of [...this.lines]) line.cut(code);
  }

  private tellAll(conversation: Conversation, frame: (side: Side) => Envelope): void {
    for (const line of this.lines) {
      if (!this.entitled(line, conversation)) continue;
      const { ext, ...rest } = frame(line.side);
      line.tell({ ...rest, ext: { ...ext, ...(line.side === "admin" ? { unread: conversation.unread("admin") } : {}) } });
    }
    const waiting = this.waiting;
    this.waiting = [];
    for (const wake of waiting) wake();
  }

  private entitled(line: Line, conversation: Conversation): boolean {
    return line.who !== undefined && (line.side === "admin" || line.who === `member:${conversation.member}`);
  }

  // ---- what clients say

  hear(line: Line, frame: Envelope): void {
    const ext = frame.ext ?? {};
    if (frame.category === "heartbeat") {
      const heads = [...line.tracked].map((id): Cursor => [id, this.conversation(id).seq, this.conversation(id).change]);
      line.tell({ category: "heartbeat", ext: { server_time: this.clock.now(), epoch: this.epoch, heads } });
      return;
    }
    if (frame.category === "receive") return;
    const ack = (more: Ext, rest: Envelope = {}) =>
      line.tell({ category: "ack", ...(frame.action ? { action: frame.action } : {}), ...rest, ext: { ...(ext.client_msg_id ? { client_msg_id: ext.client_msg_id } : {}), ...more } });
    if (frame.action === "auth") this.auth(line, frame, ack);
    else if (line.who === undefined) line.cut(4408);
    else if (frame.action === "resume") this.resume(line, ext);
    else if (frame.action === "send") this.sent(line, frame, ack);
    else if (frame.action === "typing") this.typing(line, frame);
    else this.other(line, frame, ack);
  }

  private auth(line: Line, frame: Envelope, ack: (ext: Ext, rest?: Envelope) => void): void {
    if (this.refusesTokens || !frame.content) {
      ack({ code: 401, msg: "账号未登录" });
      this.clock.after(2, () => line.cut(4401));
      return;
    }
    const refusal = this.refusesEntry;
    if (refusal) {
      ack(refusal.ext);
      this.clock.after(2, () => line.cut(refusal.close));
      return;
    }
    line.who = frame.content;
    line.side = frame.content.startsWith("admin") ? "admin" : "member";
    ack({ epoch: this.epoch, server_time: this.clock.now(), heartbeat: 20_000 }, { from: line.who });
    this.resume(line, frame.ext ?? {});
  }

  private resume(line: Line, ext: Ext): void {
    for (const id of ext.drop ?? []) line.tracked.delete(Number(id));
    if (!ext.resume) return;
    const no = ext.resume.length === 0 ? this.refusesResume(undefined) : undefined;
    if (no) {
      line.tell({ category: "ack", action: "resume", ext: no });
      return;
    }
    const own = [...this.conversations.values()].filter((one) => `member:${one.member}` === line.who && one.seq > 0);
    const cursors: Cursor[] = ext.resume.length > 0 ? ext.resume : own.map((one) => [one.id, -1, -1]);
    if (cursors.length === 0) line.tell({ category: "ack", action: "resume", ext: { epoch: this.epoch } });
    for (const cursor of cursors) {
      const conversation = this.conversations.get(Number(cursor[0]));
      if (!conversation || !this.entitled(line, conversation)) {
        line.tell({ category: "ack", action: "resume", ext: { code: 1013019000, msg: "客服会话不存在", conversation: cursor[0] } });
        continue;
      }
      const refusal = this.refusesResume(conversation.id);
      if (refusal) {
        line.tell({ category: "ack", action: "resume", ext: { ...refusal, conversation: cursor[0] } });
        continue;
      }
      line.tracked.add(conversation.id);
      for (const page of this.pages(conversation, cursor, line.side, ext.epoch)) {
        line.tell({ category: "ack", action: "resume", ext: page });
      }
    }
  }

  private pages(conversation: Conversation, cursor: Cursor, side: Side, epoch: string | undefined): Ext[] {
    const pages: Ext[] = [];
    for (let next: Cursor | undefined = cursor; next; ) {
      const page: { ext: Ext; next: Cursor | undefined } = conversation.page(next, side, this.epoch, epoch, this.limit, this.mostChanged);
      // Not every server says from where a page goes on.
      const { since: _, ...ext } = page.ext;
      pages.push(ext);
      next = page.next;
    }
    return pages;
  }

  private sent(line: Line, frame: Envelope, ack: (ext: Ext, rest?: Envelope) => void): void {
    const refusal = this.refuses?.(frame.content ?? "");
    if (refusal) {
      ack(refusal);
      return;
    }
    const id = frame.ext?.conversation === undefined ? this.own(line.who ?? "").id : Number(frame.ext.conversation);
    const { row, duplicate } = this.say(id, line.side, frame.content ?? "", frame.ext?.client_msg_id);
    if (this.cutAfterCommit > 0) {
      this.cutAfterCommit -= 1;
      line.cut();
      return;
    }
    ack(
      { seq: row.seq, change: row.change, conversation: id, ...(duplicate ? { duplicate: true } : {}) },
      { id: row.id, created_at: row.at },
    );
  }

  private typing(line: Line, frame: Envelope): void {
    const conversation = this.conversations.get(Number(frame.ext?.conversation));
    if (!conversation) return;
    const category = line.side === "member" ? "customer" : "manager";
    for (const other of this.lines) {
      if (other === line || !this.entitled(other, conversation)) continue;
      other.tell({ category, action: "typing", content: frame.content ?? "", from: line.who ?? "", ext: { conversation: conversation.id } });
    }
  }

  private other(line: Line, frame: Envelope, ack: (ext: Ext) => void): void {
    const refusal = frame.action === "read" ? this.refusesRead() : undefined;
    if (refusal) return ack(refusal);
    const id = Number(frame.ext?.conversation);
    const seq = this.conversation(id).rows.find((row) => row.id === frame.quote)?.seq ?? 0;
    if (frame.action === "read") this.read(id, line.side === "member" ? "member" : "desk", frame.ext?.seq ?? 0);
    else if (seq === 0) return ack({ code: 1013020000, msg: "客服消息不存在" });
    else if (frame.action === "revoke") this.revoke(id, seq);
    else this.hide(id, seq, line.side);
    ack({});
  }

  private own(who: string): Conversation {
    const member = Number(who.split(":")[1]);
    const known = [...this.conversations.values()].find((one) => one.member === member);
    return known ?? this.conversation(this.conversations.size + 9, member);
  }

  // ---- HTTP

  fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const { pathname, searchParams } = new URL(url);
    const path = pathname.replace(/^\/(app|admin)-api\/promotion\//, "");
    this.requests.push(`${init.method} ${path}`);
    await new Promise<void>((go) => this.clock.after(1, go));
    if (this.away) throw new TypeError("fetch failed");
    const who = String((init.headers as Record<string, string>)["authorization"]).replace("Bearer ", "");
    const side: Side = who.startsWith("admin") ? "admin" : "member";
    if (this.refusesTokens) return json({ code: 401, msg: "账号未登录", data: null });
    const wanted = init.signal as AbortSignal;
    switch (path) {
      case "kefu-message/sync":
        return json({ code: 0, msg: "", data: await this.sync(searchParams, who, side, wanted) });
      case "kefu-message/send":
        return this.posted(JSON.parse(String(init.body)) as Record<string, unknown>, who, side);
      case "kefu-message/list":
        return json({ code: 0, msg: "", data: this.list(searchParams, who, side) });
      case "kefu-conversation/list":
        return json({ code: 0, msg: "", data: this.lines_(searchParams) }, { "kefu-as-of": String(this.clock.now() - 60_000) });
      case "kefu-message/update-read-status":
        this.read(Number(searchParams.get("conversationId")), side === "member" ? "member" : "desk", Number(searchParams.get("seq")));
        return json({ code: 0, msg: "", data: true });
      case "kefu-message/revoke":
      case "kefu-message/delete": {
        const id = Number(searchParams.get("conversationId"));
        const seq = this.conversation(id).rows.find((row) => String(row.id) === searchParams.get("id"))?.seq;
        if (!seq) return json({ code: 1013020000, msg: "客服消息不存在", data: null });
        if (path.endsWith("revoke")) this.revoke(id, seq);
        else this.hide(id, seq, side);
        return json({ code: 0, msg: "", data: true });
      }
      default:
        return json({ code: 404, msg: `请求地址不存在:${pathname}`, data: null });
    }
  };

  private posted(body: Record<string, unknown>, who: string, side: Side): Response {
    const text = (JSON.parse(String(body["content"])) as { text: string }).text;
    const refusal = this.refuses?.(text);
    if (refusal) {
      return json({ code: refusal.code, msg: refusal.msg ?? "", data: null }, refusal.retry_after ? { "retry-after": String(refusal.retry_after / 1000) } : {});
    }
    const id = body["conversationId"] === undefined ? this.own(who).id : Number(body["conversationId"]);
    const { row } = this.say(id, side, text, body["clientMsgId"] as string | undefined);
    return json({ code: 0, msg: "", data: row.id }, { "kefu-seq": String(row.seq) });
  }

  private async sync(query: URLSearchParams, who: string, side: Side, signal: AbortSignal): Promise<unknown> {
    const until = this.clock.now() + Number(query.get("wait") ?? 25) * 1000;
    for (;;) {
      const conversations = this.missed(query, who, side);
      if (conversations.length > 0 || this.clock.now() >= until || signal.aborted) {
        return { epoch: this.epoch, serverTime: this.clock.now(), ...(this.tellsWho ? { me: who } : {}), conversations };
      }
      await new Promise<void>((go) => {
        this.waiting.push(go);
        this.clock.after(until - this.clock.now(), go);
      });
    }
  }

  private missed(query: URLSearchParams, who: string, side: Side): Ext[] {
    const text = query.get("cursors");
    const cursors: Cursor[] = text
      ? text.split(",").map((one) => one.split(".").map(Number) as unknown as Cursor)
      : [...this.conversations.values()].filter((one) => side === "member" && `member:${one.member}` === who && one.seq > 0).map((one) => [one.id, -1, -1]);
    return cursors.flatMap((cursor) => {
      const conversation = this.conversations.get(Number(cursor[0]));
      if (!conversation) return [{ conversation: cursor[0], code: 1013019000, msg: "客服会话不存在" }];
      const epoch = query.get("epoch") ?? undefined;
      const same = (epoch === undefined || epoch === this.epoch) && cursor[1] === conversation.seq && cursor[2] === conversation.change;
      return same ? [] : [conversation.page(cursor, side, this.epoch, epoch, this.limit).ext];
    });
  }

  private list(query: URLSearchParams, who: string, side: Side): unknown[] {
    const id = query.get("conversationId");
    const conversation = id === null ? this.own(who) : this.conversation(Number(id));
    const before = Number(query.get("beforeSeq"));
    return conversation.rows
      .filter((row) => row.seq < before)
      .slice(-Number(query.get("limit")))
      .reverse()
      .map((row) => conversation.envelope(row, side));
  }

  private lines_(query: URLSearchParams): unknown[] {
    void query;
    return [...this.conversations.values()].map((one) => ({
      id: one.id,
      userId: one.member,
      userNickname: `会员 ${one.member}`,
      userAvatar: null,
      lastMessageTime: one.rows.at(-1)?.at ?? 0,
      lastMessageContent: JSON.stringify({ text: one.rows.at(-1)?.content ?? "" }),
      lastMessageContentType: 1,
      adminPinned: one.pinned,
      adminDeleted: one.hidden,
      adminUnreadMessageCount: one.unread("admin"),
      adminReadSeq: one.deskRead,
      seq: one.seq,
      change: one.change,
      shopId: one.shop,
    }));
  }
}

function json(body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { headers });
}
