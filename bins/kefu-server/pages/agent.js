// The agent's side: the list of conversations, and the one that is open.

import { Banner } from "./banner.js";
import { preview } from "./bubble.js";
import { clock, el, fill } from "./dom.js";
import { ThreadView } from "./thread.js";

const CONVERSATION = "/admin-api/promotion/kefu-conversation";

export class AgentPane {
  constructor(person) {
    this.person = person;
    this.client = person.connect();
    this.list = el("ul", { class: "conversations" });
    this.title = el("span", { class: "who" });
    this.search = el("input", { type: "search", placeholder: "搜索昵称 · Search", "aria-label": "搜索", oninput: () => this.render() });
    this.banner = new Banner(this.client, () => this.last());
    this.view = new ThreadView({
      client: this.client,
      person,
      complain: (words) => this.banner.say(words),
      empty: "选择左侧的会话 · Choose a conversation",
    });
    this.node = el("section", { class: "pane agent", "aria-label": "客服" },
      el("header", {}, el("h2", {}, "客服 · Agent"), el("span", { class: "who" }, person.name), this.title, this.banner.dot),
      this.banner.node,
      el("div", { class: "desk" },
        el("nav", {}, this.search, this.list),
        el("div", { class: "talk" }, this.view.log, this.view.typing, this.view.composer.node)));
    this.client.on("conversation", () => this.render());
    this.view.watch(null);
    this.render();
  }

  last() {
    const view = this.open === undefined ? undefined : this.client.thread(this.open);
    return { seq: view?.messages.at(-1)?.seq ?? 0, caughtUp: view?.caughtUp ?? true };
  }

  async select(id) {
    if (this.open === id) return;
    this.leave();
    this.open = id;
    this.render();
    this.view.watch(id);
    // Code 0: another was chosen meanwhile, or the connection is away, which the banner says.
    await this.client.open(id).catch(({ code, message }) => code !== 0 && this.banner.say(message));
  }

  leave() {
    if (this.open === undefined) return;
    const left = this.open;
    this.open = undefined;
    this.view.watch(null);
    this.client.close(left);
  }

  async pin({ conversation, pinned }) {
    const body = { id: conversation, adminPinned: !pinned };
    await this.act(() => this.person.ask("PUT", `${CONVERSATION}/update-conversation-pinned`, body));
  }

  async hide({ conversation }) {
    if (this.open === conversation) this.leave();
    await this.act(() => this.person.ask("DELETE", `${CONVERSATION}/delete?id=${conversation}`));
    this.render();
  }

  async act(work) {
    try {
      await work();
    } catch (error) {
      this.banner.say(error.message);
    }
  }

  render() {
    const lines = this.client.conversations();
    const wanted = this.search.value.trim();
    const rows = lines.filter((line) => named(line).includes(wanted)).map((line) => this.row(line));
    fill(this.list, ...rows, rows.length ? null : el("li", { class: "empty" }, "没有会话 · None"));
    const open = lines.find(({ conversation }) => conversation === this.open);
    this.title.textContent = open ? `↔ ${named(open)} #${open.member}` : "";
  }

  row(line) {
    const { conversation, unread, pinned, lastTime } = line;
    const classes = ["row", conversation === this.open ? "open" : "", pinned ? "pinned" : ""].join(" ");
    return el("li", { class: classes },
      el("button", { type: "button", class: "choose", onclick: () => this.select(conversation) },
        el("span", { class: "name" }, pinned ? el("span", { class: "pin" }, "置顶") : null, named(line)),
        el("span", { class: "when" }, clock(lastTime)),
        el("span", { class: "preview" }, preview(line.preview)),
        unread > 0 ? el("span", { class: "badge", "aria-label": `${unread} 未读` }, unread > 99 ? "99+" : String(unread)) : null),
      el("span", { class: "acts" },
        el("button", { type: "button", onclick: () => this.pin(line) }, pinned ? "取消置顶 · Unpin" : "置顶 · Pin"),
        el("button", { type: "button", onclick: () => this.hide(line) }, "隐藏 · Hide")));
  }
}

const named = ({ nickname, member }) => nickname ?? `会员 ${member}`;
