// The member's side: one endless conversation with the shop.

import { Line } from "./client.js";
import { el } from "./dom.js";
import { Banner, ThreadView } from "./pane.js";
import { Thread } from "./thread.js";

const API = "/app-api/promotion/kefu-message";

export class MemberPane {
  constructor(api, { nickname, id }) {
    this.api = api;
    this.read = 0;
    this.banner = new Banner();
    this.view = new ThreadView({
      shown: (seq) => this.markRead(seq),
      upload: async (file) => (await api.upload("/app-api/infra/file/upload", file)).data,
      empty: "",
    });
    this.thread = new Thread({
      mine: 1,
      page: async (query) => (await api.get(`${API}/list`, query)).data,
      post: (body) => api.post(`${API}/send`, body),
      changed: () => this.view.render(),
    });
    this.node = el("section", { class: "pane member", "aria-label": "会员" },
      el("header", {}, el("h2", {}, "会员 · Member"), el("span", { class: "who" }, who(nickname, id))),
      this.banner.node, this.view.log, this.view.composer);
    this.view.watch(this.thread);
    this.line = new Line(api, {
      heard: (type, content) => this.heard(type, content),
      up: () => this.catchUp(),
      down: () => this.banner.down(),
    });
  }

  async catchUp() {
    this.banner.up(await this.thread.sync());
    this.thread.refreshReads();
  }

  heard(type, content) {
    if (type === "kefu_message_type") this.thread.live(content);
    if (type === "kefu_message_read_status_change") this.thread.refreshReads();
  }

  /** Tells the desk how far this member has read, once per number. */
  async markRead(seq) {
    const conversationId = this.thread.messages.at(-1)?.conversationId;
    const isNews = this.thread.messages.some((m) => m.senderType !== 1 && m.seq > this.read);
    if (!conversationId || !isNews) return;
    const before = this.read;
    this.read = seq;
    try {
      await this.api.put(`${API}/update-read-status`, { conversationId, seq });
    } catch {
      this.read = Math.min(this.read, before);
    }
  }

  close() {
    this.line.close();
    this.thread.close();
    this.node.remove();
  }
}

export function who(nickname, id) {
  return [nickname, id === undefined ? null : `#${id}`].filter(Boolean).join(" ");
}
