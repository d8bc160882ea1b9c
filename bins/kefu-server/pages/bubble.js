// How a content looks: as a bubble, and as one line of a list.

import { el, safeAddress } from "./dom.js";

const LABELS = { picture: "[图片]", audio: "[语音]", video: "[视频]", file: "[文件]", card: "[商品]", order: "[订单]", assess: "[邀请评价]" };

const label = ({ style, kind }) => LABELS[style] ?? LABELS[kind] ?? "[消息]";

const isText = ({ style, kind }) => style === "toast" || ((style ?? "normal") === "normal" && (kind ?? "text") === "text");

/** One line of text. */
export function preview(message) {
  return isText(message) ? message.content : label(message);
}

/** What stands in the bubble. */
export function bubble(message) {
  const { style, kind, content, name } = message;
  if (isText(message)) return el("p", { class: "text" }, content);
  if (style === "card") return product(parsed(content));
  if (style === "order") return order(parsed(content));
  if (kind === "picture") return picture(content);
  if (kind === "audio" || kind === "video" || kind === "file") return link(`${label(message)} ${name ?? ""}`, content);
  return el("p", { class: "text" }, label(message));
}

function parsed(content) {
  try {
    const value = JSON.parse(content);
    return value !== null && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
}

function picture(url) {
  const address = safeAddress(url);
  if (!address) return el("p", { class: "text" }, LABELS.picture);
  const image = el("img", { src: address, alt: "图片", loading: "lazy", referrerpolicy: "no-referrer" });
  return el("a", { class: "picture", href: address, target: "_blank", rel: "noopener noreferrer" }, image);
}

function link(words, url) {
  const address = safeAddress(url);
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
