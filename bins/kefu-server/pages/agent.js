// The agent's side: the list of conversations, and the one that is open.

import { preview } from "./bubble.js";
import { Line, Trouble } from "./client.js";
import { clock, el, fill } from "./dom.js";
import { who } from "./member.js";
import { Banner, ThreadView } from "./pane.js";
import { Thread } from "./thread.js";

const MESSAGES = "/admin-api/promotion/kefu-message";
const CONVERSATIONS = "/admin-api/promotion/kefu-conversation";
const PAGE = 50;

export class AgentPane {
  constructor(api, { nickname, id }) {
    this.api = api;
    this.conversations = new Map();
    this.read = new Map();
    this.banner = new Banner();
    this.list = el("ul", { class: "conversations" });
    this.title = el("span", { class: "who" }, "");
    this.search = el("input", { type: "search", placeholder: "搜索昵称 · Search", "aria-label": "搜索", onchange: () => this.reload() });
    this.view = new ThreadView({
      shown: (seq) => this.markRead(seq),
      upload: async (file) => (await api.upload("/admin-api/infra/file/upload", file)).data,
      empty: "选择左侧的会话 · Choose a conversation",
    });
    this.node = el("section", { class: "pane agent", "aria-label": "客服" },
      el("header", {}, el("h2", {}, "客服 · Agent"), el("span", { class: "who" }, who(nickname, id)), this.title),
      this.banner.node,
      el("div", { class: "desk" },
        el("nav", {}, this.search, this.list),
        el("div", { class: "talk" }, this.view.log, this.view.composer)));
    this.line = new Line(api, {
      heard: (type, content) => this.heard(type, content),
      up: () => this.catchUp(),
      down: () => this.banner.down(),
    });
    this.render();
  }

  async catchUp() {
    const [missed] = await Promise.all([this.thread?.sync() ?? 0, this.reload(), this.thread?.refreshReads()]);
    this.banner.up(missed);
  }

  /** The list from its beginning, or its next page. */
  async reload(after) {
    try {
      const query = { limit: PAGE, name: this.search.value.trim(), after };
      const { data, headers } = await this.api.get(`${CONVERSATIONS}/list`, query);
      if (!after) this.conversations.clear();
      data.forEach((conversation) => this.conversations.set(conversation.id, conversation));
      this.next = headers.get("kefu-next");
      this.render();
    } catch (trouble) {
      this.complain(trouble);
    }
  }

  heard(type, content) {
    const { conversationId } = content;
    const isOpen = this.open === conversationId;
    if (type === "kefu_message_type") {
      if (isOpen) this.thread.live(content);
      // What the member wrote was written after they had read.
      if (isOpen && content.senderType === 1) this.thread.refreshReads();
      this.refresh(conversationId);
    }
    if (type === "kefu_message_read_status_change") this.refresh(conversationId);
  }

  /** One line of the list anew. Frames that come meanwhile lead to one more look, not to one each. */
  async refresh(id) {
    this.stale ??= new Map();
    if (this.stale.has(id)) return void this.stale.set(id, true);
    do {
      this.stale.set(id, false);
      try {
        const { data } = await this.api.get(`${CONVERSATIONS}/get`, { id });
        const isListed = data && !data.adminDeleted && (this.conversations.has(id) || !this.search.value.trim());
        if (isListed) this.conversations.set(id, data);
        else this.conversations.delete(id);
      } catch (trouble) {
        if (!(trouble instanceof Trouble)) throw trouble;
      }
    } while (this.stale.get(id));
    this.stale.delete(id);
    this.render();
  }

  select(id) {
    if (this.open === id) return;
    this.thread?.close();
    this.open = id;
    this.thread = new Thread({
      mine: 2,
      page: async (query) => (await this.api.get(`${MESSAGES}/list`, { conversationId: id, ...query })).data,
      post: (body) => this.api.post(`${MESSAGES}/send`, { conversationId: id, ...body }),
      changed: () => this.open === id && this.view.render(),
    });
    this.view.watch(this.thread);
    this.thread.sync();
    this.render();
  }

  /** Names the number, so that what arrives meanwhile stays unread. */
  async markRead(seq) {
    const id = this.open;
    if (this.thread.messages.every((m) => m.senderType !== 1 || m.seq <= (this.read.get(id) ?? 0))) return;
    this.read.set(id, seq);
    try {
      await this.api.put(`${MESSAGES}/update-read-status`, { conversationId: id, seq });
    } catch (trouble) {
      this.read.delete(id);
      this.complain(trouble);
    }
  }

  async pin(conversation) {
    await this.act(() => this.api.put(`${CONVERSATIONS}/update-conversation-pinned`, {}, {
      id: conversation.id,
      adminPinned: !conversation.adminPinned,
    }));
    this.refresh(conversation.id);
  }

  async hide(conversation) {
    await this.act(() => this.api.remove(`${CONVERSATIONS}/delete`, { id: conversation.id }));
    if (this.open === conversation.id) {
      this.thread.close();
      this.open = this.thread = undefined;
      this.view.watch(undefined);
    }
    this.refresh(conversation.id);
  }

  async act(work) {
    try {
      await work();
    } catch (trouble) {
      this.complain(trouble);
    }
  }

  complain(trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    if (!this.banner.lost) this.banner.say(trouble.message);
  }

  render() {
    const order = (a, b) => b.adminPinned - a.adminPinned || b.lastMessageTime - a.lastMessageTime || b.id - a.id;
    const rows = [...this.conversations.values()].sort(order).map((conversation) => this.row(conversation));
    const more = this.next
      ? el("li", { class: "more" }, el("button", { type: "button", onclick: () => this.reload(this.next) }, "更多 · More"))
      : null;
    fill(this.list, ...rows, more, rows.length ? null : el("li", { class: "empty" }, "没有会话 · None"));
    const open = this.conversations.get(this.open);
    this.title.textContent = open ? `↔ ${who(open.userNickname ?? "会员", open.userId)}` : "";
  }

  row(conversation) {
    const unread = conversation.adminUnreadMessageCount;
    const name = conversation.userNickname ?? `会员 ${conversation.userId}`;
    const classes = ["row", conversation.id === this.open ? "open" : "", conversation.adminPinned ? "pinned" : ""].join(" ");
    return el("li", { class: classes },
      el("button", { type: "button", class: "choose", onclick: () => this.select(conversation.id) },
        el("span", { class: "name" }, conversation.adminPinned ? el("span", { class: "pin" }, "置顶") : null, name),
        el("span", { class: "when" }, clock(conversation.lastMessageTime)),
        el("span", { class: "preview" }, preview(conversation.lastMessageContentType, conversation.lastMessageContent)),
        unread > 0 ? el("span", { class: "badge", "aria-label": `${unread} 未读` }, unread > 99 ? "99+" : String(unread)) : null),
      el("span", { class: "acts" },
        el("button", { type: "button", onclick: () => this.pin(conversation) }, conversation.adminPinned ? "取消置顶 · Unpin" : "置顶 · Pin"),
        el("button", { type: "button", onclick: () => this.hide(conversation) }, "隐藏 · Hide")));
  }

  close() {
    this.line.close();
    this.thread?.close();
    this.node.remove();
  }
}
