/** What somebody wants to say, and how it is written on either road: the socket, or the mall's HTTP. */

import { members } from "./mall.js";
import { defined } from "./message.js";
import { wellFormed, type Envelope, type Id, type Kind, type Style } from "./wire.js";

/** A message that was not sent yet. Kept as it is until the server has it, and never changed in between. */
export interface Draft {
  /** `normal` where it is left out. */
  readonly style?: Style;
  /** `text` where it is left out. */
  readonly kind?: Kind;
  /** The text, the address, or the card as JSON text. */
  readonly content: string;
  /** Seconds, of voice and video. */
  readonly duration?: number;
  /** Of a file. */
  readonly name?: string;
  /** Bytes, of a file. */
  readonly size?: number;
  /** Where a click on a text, a card or an order leads: an http(s) address, or a path. No other content has one. */
  readonly url?: string;
  /** The id of the message that this one quotes. */
  readonly quote?: Id;
}

/** The draft without halves of characters, such as a text cut off in the middle of an emoji ends with. */
export function wellFormedDraft(draft: Draft): Draft {
  const { content, name, url } = draft;
  const well = (text: string | undefined) => text && wellFormed(text);
  return { ...draft, ...defined({ content: wellFormed(content), name: well(name), url: well(url) }) };
}

/** The frame that sends it. */
export function sendFrame(draft: Draft, key: string, conversation?: Id): Envelope {
  const { duration, name, size } = draft;
  return defined({
    action: "send",
    style: draft.style ?? "normal",
    kind: draft.kind ?? "text",
    content: draft.content,
    url: draft.url || undefined,
    quote: draft.quote,
    ext: defined({ conversation, client_msg_id: key, duration, name, size }),
  }) as Envelope;
}

/**
 * The body of `POST …/kefu-message/send`. One key on both roads must mean one content, so this writes exactly what the
 * server itself makes of the frame.
 */
export function sendBody(draft: Draft, key: string, conversation?: Id, shop?: Id): Record<string, unknown> {
  const [contentType, content] = mallContent(draft);
  return defined({ conversationId: conversation, shopId: shop, contentType, content, clientMsgId: key, quoteId: draft.quote });
}

function mallContent(draft: Draft): [number, string] {
  const { content, duration, name, size, url } = draft;
  if (draft.style === "card") return [10, leading(content, url)];
  if (draft.style === "order") return [11, leading(content, url)];
  if (draft.style === "assess") return [12, content];
  if (draft.style === "toast") return [5, content];
  switch (draft.kind) {
    case "picture":
      return [2, JSON.stringify({ picUrl: content })];
    case "audio":
      return [3, JSON.stringify(defined({ url: content, duration }))];
    case "video":
      return [4, JSON.stringify(defined({ url: content, duration }))];
    case "file":
      return [6, JSON.stringify(defined({ url: content, name, size }))];
    default:
      return [1, url ? JSON.stringify({ text: content, url }) : wrapped(content)];
  }
}

/** The card with the address for a click as its last member. One that it has already stays. */
function leading(card: string, url: string | undefined): string {
  const known = members(card);
  const rest = card.trimEnd();
  if (!url || "url" in known || !rest.endsWith("}")) return card;
  const comma = Object.keys(known).length > 0 ? "," : "";
  return `${rest.slice(0, -1)}${comma}"url":${JSON.stringify(url)}}`;
}

/** Characters of a content, as the server counts them. */
const LONGEST = 8_192;

/** Wrapped, so that a text that looks like an object stays the text that it is; not where only that makes it too long. */
function wrapped(text: string): string {
  const object = JSON.stringify({ text });
  return [...object].length > LONGEST && !text.trimStart().startsWith("{") ? text : object;
}
