/** What a frame from the server means: the one place that looks at `category` and `action`. */

import { defined, messageOf, type Message } from "./message.js";
import { cursors, isId, type Cursor, type Envelope, type Ext, type Id } from "./wire.js";

/** One visible change of a conversation, as its frame tells it. */
export interface Step {
  readonly conversation: Id;
  readonly change: number;
  readonly shop?: Id;
  readonly member?: Id;
  /** A new message; it comes right after the last one. */
  readonly added?: Message;
  /** A message as it is now: a tombstone, or hidden. */
  readonly touched?: Message;
  /** Who has read, and up to which number. */
  readonly read?: { readonly by: "member" | "desk"; readonly seq: number };
  readonly pinned?: boolean;
  readonly hidden?: boolean;
  /** What the desk has not read after this; agents are told. */
  readonly unread?: number;
}

/** One page of what was missed. */
export interface Page {
  readonly conversation: Id;
  readonly shop?: Id;
  readonly member?: Id;
  /** The conversation's heads when the page was read. */
  readonly seq: number;
  readonly change: number;
  readonly memberRead: number;
  readonly deskRead: number;
  /** Messages of the other side above the own cursor, where anybody counted. */
  readonly unread?: number;
  readonly pinned?: boolean;
  readonly hidden?: boolean;
  readonly messages: readonly Message[];
  readonly changed: readonly Message[];
  readonly more: boolean;
  readonly reset: boolean;
  readonly epoch?: string;
  /** The cursor that the page goes on from, where anybody says. */
  readonly since?: readonly [seq: number, change: number];
}

/** A frame, understood. */
export type Heard =
  | { readonly type: "step"; readonly step: Step }
  | { readonly type: "page"; readonly page: Page }
  /** A member who asked for their conversation has none yet. */
  | { readonly type: "none" }
  | { readonly type: "typing"; readonly conversation: Id; readonly from: string; readonly on: boolean }
  | { readonly type: "heartbeat"; readonly heads: readonly Cursor[]; readonly epoch?: string }
  | { readonly type: "lagging" }
  | { readonly type: "bye"; readonly within: number }
  | { readonly type: "ack"; readonly frame: Envelope }
  | { readonly type: "nothing" };

const NOTHING: Heard = { type: "nothing" };

/** What the frame means. A frame of a kind or shape that this client does not know means nothing. */
export function understand(frame: Envelope): Heard {
  const ext = frame.ext ?? {};
  switch (frame.category) {
    case "heartbeat":
      return { type: "heartbeat", ...defined({ heads: cursors(ext.heads), epoch: ext.epoch }) };
    case "ack":
      return frame.action === "resume" && ext.code === undefined ? paged(ext) : { type: "ack", frame };
    case "customer":
    case "manager":
    case "system":
      return said(frame, ext);
    default:
      return NOTHING;
  }
}

/** The page in the `ext` of a resume frame or in an element of the long poll's answer. */
export function pageOf(ext: Ext): Page | undefined {
  if (!isId(ext.conversation) || typeof ext.seq !== "number" || typeof ext.change !== "number") return undefined;
  return {
    ...defined({ shop: ext.shop, member: ext.member, unread: ext.unread, pinned: ext.pinned, hidden: ext.hidden }),
    ...defined({ epoch: ext.epoch, since: sinceOf(ext) }),
    conversation: ext.conversation,
    seq: ext.seq,
    change: ext.change,
    memberRead: ext.member_read ?? 0,
    deskRead: ext.desk_read ?? 0,
    messages: messagesOf(ext.messages, ext.conversation),
    changed: messagesOf(ext.changed, ext.conversation),
    more: ext.more === true,
    reset: ext.reset === true,
  };
}

function sinceOf({ since }: Ext): readonly [number, number] | undefined {
  if (!Array.isArray(since)) return undefined;
  const [seq, change] = since as unknown[];
  return typeof seq === "number" && typeof change === "number" ? [seq, change] : undefined;
}

function paged(ext: Ext): Heard {
  if (ext.conversation === undefined) return { type: "none" };
  const page = pageOf(ext);
  return page ? { type: "page", page } : NOTHING;
}

/** Inside a page the conversation may be left unsaid. */
function messagesOf(list: unknown, conversation: Id): Message[] {
  if (!Array.isArray(list)) return [];
  return (list as Envelope[])
    .map((frame) => messageOf({ ...frame, ext: { conversation, ...frame.ext } }))
    .filter((message): message is Message => message !== undefined)
    .sort((one, other) => one.seq - other.seq);
}

function said(frame: Envelope, ext: Ext): Heard {
  if (frame.action === "bye") return { type: "bye", within: ext.within ?? 0 };
  if (frame.action === "update" && ext.lagging === true) return { type: "lagging" };
  const { conversation, change } = ext;
  if (!isId(conversation)) return NOTHING;
  if (frame.action === "typing") {
    return { type: "typing", conversation, from: frame.from ?? "", on: frame.content === "on" };
  }
  if (typeof change !== "number") return NOTHING;
  const place = { conversation, change, ...defined({ shop: ext.shop, member: ext.member, unread: ext.unread }) };
  switch (frame.action) {
    case "send": {
      const added = messageOf(frame);
      return added ? { type: "step", step: { ...place, added } } : NOTHING;
    }
    case "revoke":
    case "delete": {
      const touched = messageOf(frame);
      return touched ? { type: "step", step: { ...place, touched } } : NOTHING;
    }
    case "read": {
      const by = frame.category === "customer" ? "member" : "desk";
      return { type: "step", step: { ...place, read: { by, seq: ext.seq ?? 0 } } };
    }
    case "update":
      return { type: "step", step: { ...place, ...defined({ pinned: ext.pinned, hidden: ext.hidden }) } };
    default:
      // Whatever it was, it took a change, and the numbers have to go on.
      return { type: "step", step: place };
  }
}
