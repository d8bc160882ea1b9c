// A conversation on the screen: what `client.thread()` says, drawn anew whenever it says something else.

import { bubble, preview } from "./bubble.js";
import { Composer } from "./composer.js";
import { clock, el, fill } from "./dom.js";

const STATES = { queued: "等待中 · waiting", sending: "发送中 · sending", sent: "✓ 已发送 · sent", failed: "发送失败 · failed" };
const READ = { true: "✓✓ 已读 · read", false: "✓ 未读 · unread" };
/** Pixels from the end within which one still reads the end. */
const NEAR = 60;

export class ThreadView {
  /** `complain(words)` shows what went wrong; `empty` stands where no conversation is open. */
  constructor({ client, person, complain, empty }) {
    Object.assign(this, { client, complain, empty });
    this.mine = person.side === "member" ? "customer" : "manager";
    this.nodes = new Map();
    this.log = el("div", { class: "log", role: "log", tabindex: "0" });
    this.typing = el("p", { class: "typing", "aria-live": "polite" });
    this.composer = new Composer({
      send: (draft) => this.act(() => client.send(draft, this.open)),
      typing: (on) => client.typing(on, this.open),
      upload: (file) => this.act(() => person.upload(file)),
    });
    this.atEnd = true;
    this.log.addEventListener("scroll", () => this.scrolled());
    // Pictures come later than their bubbles, and windows change: who reads the end goes on reading the end.
    const stay = () => this.atEnd && this.toEnd();
    this.log.addEventListener("load", stay, true);
    new ResizeObserver(stay).observe(this.log);
    document.addEventListener("visibilitychange", () => this.tellRead());
    client.on("thread", ({ conversation }) => this.isShown && (this.open === undefined || this.open === conversation) && this.render());
  }

  /** Shows a conversation: an agent's by its id, a member's own; `null`: none. */
  watch(conversation) {
    this.open = conversation ?? undefined;
    this.isShown = conversation !== null;
    this.nodes.clear();
    this.composer.quote();
    this.render(true);
  }

  render(fresh = false) {
    const { log } = this;
    this.composer.node.hidden = !this.isShown;
    this.typing.textContent = "";
    if (!this.isShown) return fill(log, el("p", { class: "empty" }, this.empty));
    const view = this.client.thread(this.open);
    const rows = [...view.messages.map((message) => this.message(message, view)), ...view.outbox.map((entry) => this.entry(entry))];
    this.typing.textContent = view.typing.length > 0 ? "对方正在输入… · typing…" : "";
    const first = this.first;
    const [top, height] = [log.scrollTop, log.scrollHeight];
    const atEnd = fresh || this.atEnd;
    const none = view.complete ? "还没有消息，说点什么吧 · No messages yet" : "正在加载… · Loading…";
    const older = view.complete || rows.length === 0 ? null : el("p", { class: "empty" }, "向上滚动看更早的消息 · Scroll up for more");
    fill(log, older, ...rows, rows.length ? null : el("p", { class: "empty" }, none));
    this.first = view.messages[0]?.seq ?? 0;
    // Older messages grow the page above what is being read: it stays where it is.
    if (atEnd) this.toEnd();
    else log.scrollTop = this.first < first ? top + log.scrollHeight - height : top;
    this.tellRead();
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.atEnd = true;
  }

  scrolled() {
    const { log } = this;
    this.atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
    if (log.scrollTop < NEAR && this.isShown && this.first > 1) this.client.older(this.open).catch(() => {});
  }

  /** What is on a screen that is looked at was read. */
  tellRead() {
    if (this.isShown && document.visibilityState === "visible") this.client.read(undefined, this.open);
  }

  /** Made once, and again when the message, its ticks or what it quotes are others. */
  message(message, view) {
    const mine = message.category === this.mine;
    const ticks = mine && !message.revoked ? READ[view.isRead(message)] : "";
    const quoted = message.quoteSeq === undefined ? undefined : view.at(message.quoteSeq);
    const known = this.nodes.get(message.seq);
    if (known && known.message === message && known.ticks === ticks && known.quoted === quoted) return known.node;
    const place = message.style === "toast" ? "system" : mine ? "mine" : "theirs";
    const node = el("div", { class: `message ${place}`, "data-seq": message.seq },
      this.quotation(message, quoted),
      bubble(message),
      el("p", { class: "meta" },
        `#${message.seq} ${clock(message.createdAt)}`,
        ticks ? el("span", { class: "ticks" }, ticks) : null,
        this.acts(message, mine)));
    this.nodes.set(message.seq, { message, ticks, quoted, node });
    return node;
  }

  quotation({ quoteSeq }, quoted) {
    if (quoteSeq === undefined) return null;
    const words = quoted?.deleted ? "已删除 · deleted" : quoted ? preview(quoted) : "…";
    const show = () => this.nodes.get(quoteSeq)?.node.scrollIntoView({ block: "center" });
    return el("button", { type: "button", class: "quotation", onclick: show }, `#${quoteSeq} ${words}`);
  }

  acts(message, mine) {
    const act = (words, work) => el("button", { type: "button", onclick: work }, words);
    return el("span", { class: "acts" },
      message.revoked ? null : act("引用 · quote", () => this.composer.quote(message)),
      mine && !message.revoked ? act("撤回 · take back", () => this.act(() => this.client.revoke(message))) : null,
      act("删除 · delete", () => this.act(() => this.client.delete(message))));
  }

  /** What was said and is not among the messages yet. */
  entry({ key, state, draft, msg }) {
    const isFailed = state === "failed";
    const act = (words, work) => el("button", { type: "button", onclick: work }, words);
    return el("div", { class: `message mine draft ${state}`, "data-key": key },
      bubble(draft),
      el("p", { class: "meta" }, STATES[state],
        isFailed ? act("重试 · retry", () => this.client.retry(key)) : null,
        isFailed ? act("放弃 · discard", () => this.client.discard(key)) : null),
      isFailed ? el("p", { class: "meta why" }, msg ?? "") : null);
  }

  async act(work) {
    try {
      return await work();
    } catch (error) {
      this.complain(error.message);
    }
  }
}
