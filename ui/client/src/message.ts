/** A message as a user interface sees it, and how it is made of a frame. */

import { isId, type Category, type Envelope, type Id, type Kind, type Style } from "./wire.js";

/** One message of a conversation. Objects are never changed in place: a revoked message is a new object. */
export interface Message {
  /** For reference; never an order. */
  readonly id: Id;
  readonly conversation: Id;
  /** 1, 2, 3 … in its conversation, without gaps. The only order. */
  readonly seq: number;
  /** The change of the conversation that last touched this message. */
  readonly change: number;
  readonly category: Category;
  /** `member:101`, `admin:7` or `system`. */
  readonly from: string;
  readonly to?: string;
  readonly style: Style;
  readonly kind: Kind;
  /** The text, or the address of a picture, voice, video or file, or a card as JSON text. Empty once deleted. */
  readonly content: string;
  /** Seconds, of voice and video. */
  readonly duration?: number;
  /** Of a file. */
  readonly name?: string;
  /** Bytes, of a file. */
  readonly size?: number;
  /** Where a click leads. */
  readonly url?: string;
  readonly avatar?: string;
  /** Milliseconds, by the clock of the server's database. */
  readonly createdAt: number;
  /** It is a tombstone: its content says so. */
  readonly revoked: boolean;
  /** This side deleted it: nothing is left to show. */
  readonly deleted: boolean;
  /** The id of the message that it quotes. */
  readonly quote?: Id;
  /** The number of the message that it quotes. */
  readonly quoteSeq?: number;
  /** The key that its sender gave it. */
  readonly clientMsgId?: string;
}

const CATEGORIES: readonly string[] = ["customer", "manager", "system"];
const STYLES: readonly string[] = ["normal", "card", "order", "assess", "toast"];
const KINDS: readonly string[] = ["text", "picture", "audio", "video", "file"];

/** The message that a frame carries, or `undefined` where it carries none with a place in a conversation. */
export function messageOf(frame: Envelope): Message | undefined {
  const ext = frame.ext ?? {};
  const { conversation, seq, change } = ext;
  if (!isId(frame.id) || !isId(conversation) || !isNumber(seq) || !isNumber(change)) return undefined;
  // A revoke or delete names in `quote` whom it hit; that is not a quotation.
  const quotes = frame.action === undefined || frame.action === "send";
  return defined({
    id: frame.id,
    conversation,
    seq,
    change,
    category: oneOf(CATEGORIES, frame.category, "system") as Category,
    from: frame.from ?? "system",
    to: frame.to,
    style: oneOf(STYLES, frame.style, "normal") as Style,
    kind: oneOf(KINDS, frame.kind, "unknown") as Kind,
    content: frame.content ?? "",
    duration: ext.duration,
    name: ext.name,
    size: ext.size,
    url: frame.url,
    avatar: ext.avatar,
    createdAt: frame.created_at ?? 0,
    revoked: frame.is_revoke === true,
    deleted: frame.is_delete === true,
    quote: quotes ? frame.quote : undefined,
    quoteSeq: ext.quote_seq,
    clientMsgId: ext.client_msg_id,
  }) as unknown as Message;
}

/** The object without members that are `undefined` or null. */
export function defined<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined | null> } {
  const kept = Object.entries(object).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined | null> };
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function oneOf(known: readonly string[], value: string | undefined, otherwise: string): string {
  return value !== undefined && known.includes(value) ? value : otherwise;
}
