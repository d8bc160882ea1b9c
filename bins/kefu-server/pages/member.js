// The member's side: one endless conversation with the shop.

import { Banner } from "./banner.js";
import { el } from "./dom.js";
import { ThreadView } from "./thread.js";

export class MemberPane {
  constructor(person) {
    this.client = person.connect();
    const last = () => ({ seq: this.client.thread().messages.at(-1)?.seq ?? 0, caughtUp: this.client.thread().caughtUp });
    const banner = new Banner(this.client, last);
    const view = new ThreadView({ client: this.client, person, complain: (words) => banner.say(words) });
    this.node = el("section", { class: "pane member", "aria-label": "会员" },
      el("header", {}, el("h2", {}, "会员 · Member"), el("span", { class: "who" }, person.name), banner.dot),
      banner.node, view.log, view.typing, view.composer.node);
    view.watch();
  }

  close() {
    this.client.stop();
    this.node.remove();
  }
}
