/** The mall's objects, as `list` answers them, made into ours. Only history and the desk's list still come in this form. */

import { defined, messageOf, type Message } from "./message.js";
import { isId, type Category, type Envelope, type Id, type Kind, type Style } from "./wire.js";

/** A message in the mall's spelling. */
export interface MallMessage {
  id: Id;
  conversationId: Id;
  senderId: Id | null;
  senderType: number | null;
  senderAvatar?: string | null;
  contentType: number;
  content: string;
  createTime: number;
  seq: number;
  change: number;
  clientMsgId?: string;
  quoteId?: Id;
  quoteSeq?: number;
  revoked?: boolean;
  deleted?: boolean;
}

/**
 * The message in an element of a history page, be it in the mall's spelling or an envelope.
 *
 * `escaped`: whether the server escapes `<`, `>` and `&` for the mall's own pages (its setting `legacy_escape`).
 */
export function historyMessage(row: MallMessage | Envelope, escaped: boolean): Message | undefined {
  if ("category" in row) return messageOf(row);
  const mall = row as MallMessage;
  if (!isId(mall.id) || !isId(mall.conversationId) || typeof mall.seq !== "number") return undefined;
  const category: Category = mall.senderType === 1 ? "customer" : mall.senderType === 2 ? "manager" : "system";
  const sender = { customer: "member", manager: "admin", system: "system" }[category];
  return defined({
    id: mall.id,
    conversation: mall.conversationId,
    seq: mall.seq,
    change: mall.change ?? 0,
    category,
    from: category === "system" ? "system" : `${sender}:${mall.senderId}`,
    ...shown(mall.contentType, mall.content, escaped),
    avatar: mall.senderAvatar,
    createdAt: mall.createTime,
    revoked: mall.revoked === true,
    deleted: mall.deleted === true,
    quote: mall.quoteId,
    quoteSeq: mall.quoteSeq,
    clientMsgId: mall.clientMsgId,
  }) as unknown as Message;
}

/** How a content of the mall is shown: ours of its content types. */
export function shown(
  contentType: number,
  content: string,
  escaped: boolean,
): { style: Style; kind: Kind; content: string; duration?: number; name?: string; size?: number; url?: string } {
  const plain = (text: string) => (escaped ? unescape(text) : text);
  const parts = members(content);
  const { duration, name, size } = parts as { duration?: number; name?: string; size?: number };
  const url = typeof parts["url"] === "string" ? parts["url"] : content;
  const click = isAddress(parts["url"]) ? { url: parts["url"] } : {};
  switch (contentType) {
    case 1:
      return { style: "normal", kind: "text", content: plain(typeof parts["text"] === "string" ? parts["text"] : content), ...click };
    case 2:
      return { style: "normal", kind: "picture", content: typeof parts["picUrl"] === "string" ? parts["picUrl"] : content };
    case 3:
      return defined({ style: "normal" as const, kind: "audio" as const, content: url, duration });
    case 4:
      return defined({ style: "normal" as const, kind: "video" as const, content: url, duration });
    case 5:
      return { style: "toast", kind: "text", content: plain(content) };
    case 6:
      return defined({ style: "normal" as const, kind: "file" as const, content: url, name, size });
    case 10:
      return { style: "card", kind: "unknown", content, ...click };
    case 11:
      return { style: "order", kind: "unknown", content, ...click };
    case 12:
      return { style: "assess", kind: "unknown", content };
    default:
      return { style: "normal", kind: "unknown", content };
  }
}

/** Undoes the escaping in one pass, so that a text about `&amp;lt;` stays one. */
function unescape(text: string): string {
  return text.replace(/&(lt|gt|amp);/g, (_, name: string) => ({ lt: "<", gt: ">", amp: "&" })[name] ?? "");
}

/** Absolute http(s), or a path of the same site; nothing that could leave an attribute or start a script. */
const ADDRESS = /^(https?:\/\/|\/)(?!\/)[^\p{White_Space}\p{Cc}"'<>`\\]+$/u;

function isAddress(value: unknown): value is string {
  return typeof value === "string" && ADDRESS.test(value);
}

/** The members of a content that is a JSON object; none of any other. */
export function members(content: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(content);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
