// How the connection stands: a dot for always, and a line of words when something is wrong.

import { el } from "./dom.js";

const WORDS = {
  connecting: "连接中 · connecting",
  online: "在线 · online",
  waiting: "离线 · offline",
  polling: "长轮询 · long poll",
  denied: "被拒绝 · refused",
  stopped: "已停止 · stopped",
};
const TROUBLE = {
  connecting: "连接中断，正在重连… · Connection lost, reconnecting…",
  waiting: "连接中断，稍后重连… · Connection lost, waiting to reconnect…",
  denied: "服务器拒绝连接：登录失效、店铺已关闭或不存在 · Refused: the token has ended, or the shop is closed or unknown",
};
const STAYS = 4_000;

export class Banner {
  /** `last()`: the number of the last message that is there, and whether nothing is missing. */
  constructor(client, last) {
    this.last = last;
    this.dot = el("span", { class: "state" });
    this.node = el("p", { class: "banner", role: "status", hidden: true });
    const draw = (state) => this.draw(state);
    client.on("state", draw);
    client.on("thread", () => this.settle());
    client.on("error", ({ code, message }) => code !== 0 && this.say(message));
    draw(client.state);
  }

  draw({ state, leading }) {
    this.dot.className = `state ${state}`;
    this.dot.textContent = WORDS[state];
    this.dot.title = leading ? "这个标签页持有连接 · this tab has the connection" : "经由另一个标签页 · through another tab";
    const isUp = state === "online" || state === "polling";
    if (isUp) {
      this.isLost = false;
      this.settle();
    } else if (this.lostAt !== undefined || this.wasUp) {
      this.isLost = true;
      this.lostAt ??= this.last().seq;
      if (TROUBLE[state]) this.show("lost", TROUBLE[state]);
    }
    this.wasUp ||= isUp;
  }

  /** Back, once everything is here that came in while the connection was away. */
  settle() {
    const { seq, caughtUp } = this.last();
    if (this.lostAt === undefined || this.isLost || !caughtUp) return;
    const missed = seq - this.lostAt;
    this.lostAt = undefined;
    this.say(missed > 0 ? `已恢复，补齐 ${missed} 条消息 · Back, ${missed} caught up` : "已恢复 · Back, nothing was missed", "back");
  }

  /** For a moment. */
  say(words, kind = "lost") {
    this.show(kind, words);
    this.timer = setTimeout(() => (this.node.hidden = true), STAYS);
  }

  show(kind, words) {
    clearTimeout(this.timer);
    this.node.className = `banner ${kind}`;
    this.node.textContent = words;
    this.node.hidden = false;
  }
}
