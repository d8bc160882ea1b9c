// How a content looks: as a bubble, and as one line of a list.

import { el, safeAddress } from "./dom.js";

const LABELS = { 2: "[图片]", 3: "[语音]", 4: "[视频]", 6: "[文件]", 10: "[商品]", 11: "[订单]", 12: "[邀请评价]" };

/** Whether the server escapes texts for the mall's own pages, which render them as HTML. Ours does not. */
let escaped = true;

export function textsAreEscaped(truth) {
  escaped = truth;
}

/** One pass, so that `&amp;lt;` becomes `&lt;`, which is what was typed. */
function typed(text) {
  if (!escaped) return text;
  return text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);
}

function parsed(content) {
  try {
    const value = JSON.parse(content);
    return value !== null && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
}

function text(content) {
  const { text } = parsed(content);
  return typed(typeof text === "string" ? text : content);
}

/** One line of text. */
export function preview(kind, content) {
  if (kind === 1) return text(content);
  if (kind === 5) return typed(content);
  return LABELS[kind] ?? "[消息]";
}

/** What stands in the bubble. */
export function bubble(kind, content) {
  switch (kind) {
    case 1:
      return el("p", { class: "text" }, text(content));
    case 2:
      return picture(parsed(content).picUrl ?? content);
    case 5:
      return el("p", { class: "text" }, typed(content));
    case 3:
    case 4:
    case 6:
      return link(LABELS[kind], parsed(content));
    case 10:
      return product(parsed(content));
    case 11:
      return order(parsed(content));
    default:
      return el("p", { class: "text" }, LABELS[kind] ?? "[消息]");
  }
}

function picture(url) {
  const address = safeAddress(url);
  if (!address) return el("p", { class: "text" }, LABELS[2]);
  const image = el("img", { src: address, alt: "图片", loading: "lazy", referrerpolicy: "no-referrer" });
  return el("a", { class: "picture", href: address, target: "_blank", rel: "noopener noreferrer" }, image);
}

function link(label, { url, name }) {
  const address = safeAddress(url);
  const words = `${label} ${typeof name === "string" ? name : ""}`;
  if (!address) return el("p", { class: "text" }, words);
  return el("a", { class: "text", href: address, target: "_blank", rel: "noopener noreferrer" }, words);
}

const yuan = (cents) => (Number.isFinite(Number(cents)) ? `¥${(Number(cents) / 100).toFixed(2)}` : "");

function thumbnail(url) {
  const address = safeAddress(url);
  if (!address) return el("div", { class: "thumb", "aria-hidden": true }, "☕");
  return el("img", { class: "thumb", src: address, alt: "", referrerpolicy: "no-referrer" });
}

function product({ picUrl, spuName, price, stock }) {
  return el("div", { class: "card" },
    thumbnail(picUrl),
    el("div", {},
      el("strong", {}, String(spuName ?? "商品")),
      el("span", { class: "price" }, yuan(price)),
      stock === undefined ? null : el("small", {}, `库存 ${stock}`)));
}

function order({ no, items, payPrice }) {
  const rows = Array.isArray(items) ? items : [];
  return el("div", { class: "card order" },
    el("strong", {}, `订单 ${no ?? ""}`),
    ...rows.slice(0, 5).map((item) => el("span", {}, `${item?.spuName ?? ""} × ${item?.count ?? 1}`)),
    el("span", { class: "price" }, yuan(payPrice)));
}
