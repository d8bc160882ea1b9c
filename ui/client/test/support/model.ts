import type { Cursor, Envelope, Ext, Id } from "../../src/wire";

/** A row of the model's table of messages. */
export interface Row {
  id: number;
  seq: number;
  change: number;
  side: "member" | "admin";
  from: string;
  content: string;
  key?: string | undefined;
  revoked: boolean;
  hiddenFrom: Set<"member" | "admin">;
  at: number;
}

type Side = "member" | "admin";

/** A conversation as the database has it: the whole truth, and the frames that tell of it. */
export class Conversation {
  change = 0;
  rows: Row[] = [];
  memberRead = 0;
  deskRead = 0;
  pinned = false;
  hidden = false;

  constructor(
    readonly id: number,
    readonly shop = 0,
    readonly member = 101,
  ) {}

  get seq(): number {
    return this.rows.length;
  }

  say(side: Side, content: string, key?: string, at = 0): { row: Row; duplicate: boolean } {
    const from = side === "member" ? `member:${this.member}` : "admin:7";
    const known = key === undefined ? undefined : this.rows.find((row) => row.key === key && row.from === from);
    if (known) return { row: known, duplicate: true };
    this.change += 1;
    const seq = this.rows.length + 1;
    const row = { id: this.id * 1000 + seq, seq, change: this.change, side, from, content, key, revoked: false, hiddenFrom: new Set<Side>(), at };
    this.rows.push(row);
    this.hidden = false;
    return { row, duplicate: false };
  }

  revoke(seq: number): Row | undefined {
    const row = this.rows[seq - 1];
    if (!row || row.revoked) return undefined;
    row.revoked = true;
    row.change = ++this.change;
    return row;
  }

  hide(seq: number, side: Side): Row | undefined {
    const row = this.rows[seq - 1];
    if (!row || row.hiddenFrom.has(side)) return undefined;
    row.hiddenFrom.add(side);
    row.change = ++this.change;
    return row;
  }

  read(by: "member" | "desk", seq: number): boolean {
    const upTo = Math.min(seq, this.seq);
    if (upTo <= (by === "member" ? this.memberRead : this.deskRead)) return false;
    const passes = this.rows.slice(by === "member" ? this.memberRead : this.deskRead, upTo).some((row) => row.side !== (by === "member" ? "member" : "admin"));
    if (by === "member") this.memberRead = upTo;
    else this.deskRead = upTo;
    if (passes) this.change += 1;
    return passes;
  }

  pin(pinned: boolean): void {
    this.pinned = pinned;
    this.change += 1;
  }

  unread(side: Side): number {
    const [theirs, read] = side === "member" ? ["admin", this.memberRead] : ["member", this.deskRead];
    return this.rows.filter((row) => row.side === theirs && row.seq > (read as number) && !row.revoked && !row.hiddenFrom.has(side)).length;
  }

  /** The row as this side sees it. */
  envelope(row: Row, side: Side, action = "send", change = row.change): Envelope {
    const hidden = row.hiddenFrom.has(side);
    return {
      category: row.side === "member" ? "customer" : "manager",
      action,
      style: row.revoked ? "toast" : "normal",
      kind: "text",
      content: hidden ? "" : row.revoked ? "消息已撤回" : row.content,
      from: row.from,
      to: row.side === "member" ? `shop:${this.shop}` : `member:${this.member}`,
      id: row.id,
      created_at: row.at,
      ...(row.revoked ? { is_revoke: true } : {}),
      ...(hidden ? { is_delete: true } : {}),
      ...(action === "revoke" || action === "delete" ? { quote: row.id } : {}),
      ext: {
        conversation: this.id,
        shop: this.shop,
        member: this.member,
        seq: row.seq,
        change,
        ...(row.key === undefined ? {} : { client_msg_id: row.key }),
      },
    };
  }

  update(): Envelope {
    const { id: conversation, shop, member, change, pinned, hidden } = this;
    return { category: "system", action: "update", ext: { conversation, shop, member, change, pinned, hidden } };
  }

  readFrame(by: "member" | "desk"): Envelope {
    const { id: conversation, shop, member, change } = this;
    const seq = by === "member" ? this.memberRead : this.deskRead;
    return { category: by === "member" ? "customer" : "manager", action: "read", ext: { conversation, shop, member, seq, change } };
  }

  /** One page from a cursor, and the cursor of the next one. */
  page(cursor: Cursor, side: Side, epoch: string, asked: string | undefined, limit: number, mostChanged = Infinity): { ext: Ext; next: Cursor | undefined } {
    const [, seq, change] = cursor;
    const fresh = seq < 0;
    const reset = fresh || (asked !== undefined && asked !== epoch) || seq > this.seq || change > this.change || this.rows.filter((row) => row.seq <= seq && row.change > change).length > mostChanged;
    const from = reset ? Math.max(0, this.seq - limit) : seq;
    const rows = this.rows.slice(from, from + limit);
    const more = !reset && from + rows.length < this.seq;
    const changed = reset ? [] : this.rows.slice(0, from).filter((row) => row.change > change);
    const last = rows.at(-1)?.seq ?? from;
    return {
      ext: {
        conversation: this.id,
        shop: this.shop,
        member: this.member,
        seq: this.seq,
        change: this.change,
        member_read: this.memberRead,
        desk_read: this.deskRead,
        // A member's is counted only where the page shows all of it.
        ...(side === "admin" || (!more && from <= this.memberRead) ? { unread: this.unread(side) } : {}),
        pinned: this.pinned,
        hidden: this.hidden,
        messages: rows.map((row) => this.envelope(row, side)),
        changed: changed.map((row) => this.envelope(row, side)),
        more,
        reset,
        epoch,
        since: [seq, change],
      },
      next: more ? [this.id, last, change] : undefined,
    };
  }
}

/** What a party has to end up with. */
export function truth(conversation: Conversation, side: Side, from = 1): string[] {
  return conversation.rows.slice(from - 1).map((row) => {
    if (row.hiddenFrom.has(side)) return `${row.seq} hidden`;
    return row.revoked ? `${row.seq} revoked` : `${row.seq} ${row.content}`;
  });
}

/** What a client has, in the same words. */
export function shown(messages: readonly { seq: number; content: string; revoked: boolean; deleted: boolean }[]): string[] {
  return messages.map(({ seq, content, revoked, deleted }) => {
    if (deleted) return `${seq} hidden`;
    return revoked ? `${seq} revoked` : `${seq} ${content}`;
  });
}

export type { Id };
