/**
 * The envelope of `kefu.v2`: what goes over the socket, and the same objects in the answers of the long poll.
 * Nothing here knows a socket, a timer or a conversation's state.
 */

/** A number, or text from 2^53 − 1 on, either side of zero. Compare two of them with {@link sameId}. */
export type Id = number | string;

/** How far a conversation was applied: `[conversation, seq, change]`. */
export type Cursor = readonly [conversation: Id, seq: number, change: number];

/** Who said something: a member, somebody at the desk, or the house itself. */
export type Category = "customer" | "manager" | "system";

/** How a message is shown. */
export type Style = "normal" | "card" | "order" | "assess" | "toast";

/** What a message is made of. */
export type Kind = "text" | "picture" | "audio" | "video" | "file" | "unknown";

/** One frame as it stands on the wire. Absent members are left out. */
export interface Envelope {
  category?: string;
  action?: string;
  style?: string;
  kind?: string;
  content?: string;
  from?: string;
  to?: string;
  id?: Id;
  task_id?: Id;
  url?: string;
  created_at?: number;
  is_read?: boolean;
  is_revoke?: boolean;
  is_delete?: boolean;
  quote?: Id;
  ext?: Ext;
}

/** What does not fit into the flat members. */
export interface Ext {
  conversation?: Id;
  shop?: Id;
  member?: Id;
  seq?: number;
  change?: number;
  client_msg_id?: string;
  duplicate?: boolean;
  quote_seq?: number;
  avatar?: string;
  duration?: number;
  name?: string;
  size?: number;
  code?: number;
  msg?: string;
  retry_after?: number;
  epoch?: string;
  server_time?: number;
  heartbeat?: number;
  heads?: Cursor[];
  received?: Cursor[];
  resume?: Cursor[];
  drop?: readonly Id[];
  member_read?: number;
  desk_read?: number;
  unread?: number;
  pinned?: boolean;
  hidden?: boolean;
  messages?: Envelope[];
  changed?: Envelope[];
  more?: boolean;
  reset?: boolean;
  since?: readonly [seq: number, change: number];
  lagging?: boolean;
  within?: number;
  [other: string]: unknown;
}

/** The `ext` of a `resume` frame, which is also one element of the long poll's `conversations`. */
export type ResumeExt = Ext;

/** Whether two ids name the same thing, however each of them is written. */
export function sameId(one: Id | undefined, other: Id | undefined): boolean {
  return one !== undefined && other !== undefined && String(one) === String(other);
}

/** The frame in a text, or `undefined` where there is none: not JSON, not an object, an `ext` that is none. */
export function parse(text: unknown): Envelope | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const frame: unknown = JSON.parse(text);
    if (!isObject(frame)) return undefined;
    if (frame["ext"] !== undefined && !isObject(frame["ext"])) return undefined;
    return frame as Envelope;
  } catch {
    return undefined;
  }
}

/** The text of a frame; members that are `undefined` are left out. */
export function format(frame: Envelope): string {
  return JSON.stringify(frame);
}

/** The text without halves of a character, which no server takes: JSON may write them, but UTF-8 cannot. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** Those elements of a list that are cursors. A server newer than this client may say more than it understands. */
export function cursors(list: unknown): Cursor[] {
  if (!Array.isArray(list)) return [];
  return list.filter(
    (one): one is Cursor =>
      Array.isArray(one) && isId(one[0]) && Number.isSafeInteger(one[1]) && Number.isSafeInteger(one[2]),
  );
}

/** Whether this is an id. */
export function isId(value: unknown): value is Id {
  return typeof value === "number" || (typeof value === "string" && value !== "");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
