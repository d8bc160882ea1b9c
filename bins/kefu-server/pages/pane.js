// What both sides have in common on the screen: a banner, the messages, and the place to write.

import { bubble } from "./bubble.js";
import { clock, el, fill } from "./dom.js";

const STATES = { sending: "发送中 · sending", sent: "已发送 · sent", failed: "发送失败 · failed" };
const NEAR = 60;

/** A sample of what the mall's shopper page sends: an item of its browse history, prices in cents. */
const PRODUCT = { id: 7, spuId: 633, spuName: "手作陶瓷咖啡杯 300 ml", picUrl: null, price: 8900, salesCount: 128, stock: 46 };

/** Says whether the server is there, and what was caught up on when it came back. */
export class Banner {
  constructor() {
    this.node = el("p", { class: "banner", role: "status", hidden: true });
    this.lost = false;
  }

  down() {
    this.lost = true;
    this.show("lost", "连接中断，正在重连… · Connection lost, reconnecting…");
  }

  /** `missed` messages came in while the connection was away. */
  up(missed) {
    if (!this.lost) return;
    this.lost = false;
    this.show("back", missed > 0 ? `已恢复，补齐 ${missed} 条消息 · Back, ${missed} caught up` : "已恢复 · Back, nothing was missed");
    this.timer = setTimeout(() => (this.node.hidden = true), 4_000);
  }

  say(words) {
    this.show("lost", words);
    this.timer = setTimeout(() => (this.node.hidden = true), 4_000);
  }

  show(kind, words) {
    clearTimeout(this.timer);
    this.node.className = `banner ${kind}`;
    this.node.textContent = words;
    this.node.hidden = false;
  }
}

/** A thread on the screen. `shown(seq)` is told what the reader has had before their eyes. */
export class ThreadView {
  constructor({ shown, upload, empty }) {
    this.shown = shown;
    this.upload = upload;
    this.empty = empty;
    this.nodes = new Map();
    this.log = el("div", { class: "log", role: "log", tabindex: "0" });
    this.atEnd = true;
    this.log.addEventListener("scroll", () => {
      this.atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR;
      if (this.log.scrollTop < NEAR) this.thread?.older();
    });
    // Pictures come later than their bubbles, and windows change: who reads the end goes on reading the end.
    const stay = () => this.atEnd && this.toEnd();
    this.log.addEventListener("load", stay, true);
    new ResizeObserver(stay).observe(this.log);
    this.composer = this.makeComposer();
    document.addEventListener("visibilitychange", () => this.tellShown());
    this.render();
  }

  /** Shows another thread, or none. */
  watch(thread) {
    this.thread = thread;
    this.nodes.clear();
    this.log.replaceChildren();
    this.render(true);
  }

  render(fresh = false) {
    const { log, thread } = this;
    this.composer.hidden = !thread;
    if (!thread || (thread.loaded && thread.messages.length + thread.drafts.length === 0)) {
      fill(log, el("p", { class: "empty" }, thread ? "还没有消息，说点什么吧 · No messages yet" : this.empty));
      return;
    }
    const first = this.first;
    const [top, height] = [log.scrollTop, log.scrollHeight];
    const atEnd = fresh || this.atEnd;
    const older = thread.more ? el("p", { class: "empty" }, "向上滚动看更早的消息 · Scroll up for more") : null;
    fill(log, older, ...thread.messages.map((m) => this.message(m)), ...thread.drafts.map((d) => this.draft(d)));
    this.first = thread.first;
    // Older messages grow the page above what is being read: it stays where it is.
    if (atEnd) this.toEnd();
    else log.scrollTop = this.first < first ? top + log.scrollHeight - height : top;
    this.tellShown();
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.atEnd = true;
  }

  tellShown() {
    const { thread } = this;
    if (thread?.loaded && thread.last > 0 && document.visibilityState === "visible") this.shown(thread.last);
  }

  message(message) {
    const mine = message.senderType === this.thread.mine;
    const state = mine ? (message.readStatus ? "已读 · read" : "未读 · unread") : "";
    const known = this.nodes.get(message.seq);
    if (known?.dataset.state === state) return known;
    const place = message.contentType === 5 ? "system" : mine ? "mine" : "theirs";
    const node = el("div", { class: `message ${place}`, "data-state": state, "data-seq": message.seq },
      bubble(message.contentType, message.content),
      el("p", { class: "meta" }, `#${message.seq} ${clock(message.createTime)}`, state ? el("span", {}, ` ${state}`) : null));
    this.nodes.set(message.seq, node);
    return node;
  }

  draft(draft) {
    const failed = draft.state === "failed";
    // What was typed is shown as it was typed: only the server's answers are escaped.
    const asTyped = draft.kind === 1 || draft.content === null;
    return el("div", { class: `message mine draft ${draft.state}`, title: draft.why },
      asTyped ? el("p", { class: "text" }, draft.label) : bubble(draft.kind, draft.content),
      el("p", { class: "meta" }, STATES[draft.state],
        failed ? el("button", { type: "button", onclick: () => this.thread.retry(draft) }, "重试 · retry") : null,
        failed ? el("button", { type: "button", onclick: () => this.thread.discard(draft) }, "放弃 · discard") : null),
      failed ? el("p", { class: "meta why" }, draft.why) : null);
  }

  makeComposer() {
    const box = el("textarea", { rows: "2", "aria-label": "消息", placeholder: "输入消息，Enter 发送 · Enter sends" });
    const sendText = () => {
      const text = box.value.trim();
      if (!text || !this.thread) return;
      this.thread.send(1, text, async () => JSON.stringify({ text }));
      box.value = "";
      box.focus();
    };
    box.addEventListener("keydown", (event) => {
      // Enter that ends the choice of a Chinese word belongs to the input method.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      sendText();
    });
    const picker = el("input", { type: "file", accept: "image/png,image/jpeg,image/gif,image/webp", hidden: true, "aria-label": "图片" });
    picker.addEventListener("change", () => {
      const [file] = picker.files;
      picker.value = "";
      if (file) this.thread?.send(2, `[图片] ${file.name}`, async () => JSON.stringify({ picUrl: await this.upload(file) }));
    });
    const sendProduct = () => this.thread?.send(10, "[商品]", async () => JSON.stringify(PRODUCT));
    return el("form", { class: "composer", onsubmit: (event) => (event.preventDefault(), sendText()) },
      box,
      el("div", { class: "tools" },
        picker,
        el("button", { type: "button", onclick: () => picker.click() }, "图片 · Picture"),
        el("button", { type: "button", onclick: sendProduct }, "商品 · Product"),
        el("button", { type: "submit", class: "primary" }, "发送 · Send")));
  }
}
