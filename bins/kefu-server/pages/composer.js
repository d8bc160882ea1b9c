// The place to write: a text, a picture, a product, and what is being quoted.

import { preview } from "./bubble.js";
import { el, fill } from "./dom.js";

/** A sample of what the mall's shopper page sends: an item of its browse history, prices in cents. */
const PRODUCT = { id: 7, spuId: 633, spuName: "手作陶瓷咖啡杯 300 ml", picUrl: null, price: 8900, salesCount: 128, stock: 46 };

export class Composer {
  /** `send(draft)`, `typing(on)`, and `upload(file)`, which answers an address. */
  constructor({ send, typing, upload }) {
    this.send = send;
    this.box = el("textarea", { rows: "2", "aria-label": "消息", placeholder: "输入消息，Enter 发送 · Enter sends" });
    this.quoting = el("p", { class: "quoting", hidden: true });
    this.box.addEventListener("keydown", (event) => {
      // Enter that ends the choice of a Chinese word belongs to the input method.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.sendText();
    });
    this.box.addEventListener("input", () => typing(this.box.value !== ""));
    this.box.addEventListener("blur", () => typing(false));
    const picker = el("input", { type: "file", accept: "image/png,image/jpeg,image/gif,image/webp", hidden: true, "aria-label": "图片" });
    picker.addEventListener("change", async () => {
      const [file] = picker.files;
      picker.value = "";
      const content = file && (await upload(file));
      if (content) this.say({ kind: "picture", content });
    });
    this.node = el("form", { class: "composer", onsubmit: (event) => (event.preventDefault(), this.sendText()) },
      this.quoting, this.box,
      el("div", { class: "tools" },
        picker,
        el("button", { type: "button", onclick: () => picker.click() }, "图片 · Picture"),
        el("button", { type: "button", onclick: () => this.say({ style: "card", content: JSON.stringify(PRODUCT) }) }, "商品 · Product"),
        el("button", { type: "submit", class: "primary" }, "发送 · Send")));
  }

  /** The next message quotes this one; `undefined`: none. */
  quote(message) {
    this.quoted = message;
    this.quoting.hidden = !message;
    if (!message) return;
    const never = el("button", { type: "button", "aria-label": "不引用", onclick: () => this.quote() }, "×");
    fill(this.quoting, el("span", {}, `引用 #${message.seq} ${preview(message)}`), never);
    this.box.focus();
  }

  sendText() {
    const content = this.box.value.trim();
    if (!content) return;
    this.say({ content });
    this.box.value = "";
    this.box.focus();
  }

  say(draft) {
    this.send(this.quoted ? { ...draft, quote: this.quoted.id } : draft);
    this.quote();
  }
}
