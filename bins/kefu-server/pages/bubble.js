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
  const { style, kind, content, name, url } = message;
  if (isText(message)) return link(content, url);
  if (style === "card") return product(parsed(content), url);
  if (style === "order") return order(parsed(content), url);
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
  return anchor("picture", address, el("img", { src: address, alt: "图片", loading: "lazy", referrerpolicy: "no-referrer" }));
}

function link(words, url) {
  return anchor("text", url, words) ?? el("p", { class: "text" }, words);
}

/** Leads to the address; `null` where it may not stand on a page, or there is none. */
function anchor(kind, url, child) {
  const address = safeAddress(url);
  return address && el("a", { class: kind, href: address, target: "_blank", rel: "noopener noreferrer" }, child);
}

/** The name of a card, which leads where the card leads. */
const title = (words, url) => el("strong", {}, anchor(null, url, words) ?? words);

const yuan = (cents) => (Number.isFinite(Number(cents)) ? `¥${(Number(cents) / 100).toFixed(2)}` : "");

function thumbnail(url) {
  const address = safeAddress(url);
  if (!address) return el("div", { class: "thumb", "aria-hidden": true }, "☕");
  return el("img", { class: "thumb", src: address, alt: "", referrerpolicy: "no-referrer" });
}

function product({ picUrl, spuName, price, stock }, url) {
  return el("div", { class: "card" },
    thumbnail(picUrl),
    el("div", {},
      title(String(spuName ?? "商品"), url),
      el("span", { class: "price" }, yuan(price)),
      stock === undefined ? null : el("small", {}, `库存 ${stock}`)));
}

function order({ no, items, payPrice }, url) {
  const rows = Array.isArray(items) ? items : [];
  return el("div", { class: "card order" },
    title(`订单 ${no ?? ""}`, url),
    ...rows.slice(0, 5).map((item) => el("span", {}, `${item?.spuName ?? ""} × ${item?.count ?? 1}`)),
    el("span", { class: "price" }, yuan(payPrice)));
}
