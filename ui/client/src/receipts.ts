/** When to tell the server what was applied. Pure: the time comes in. */

import type { Cursor } from "./wire.js";

/** A receipt is sent at once when the last one is this old, milliseconds, and otherwise as soon as it is. */
export const RECEIPT_EVERY = 1_000;

/** Which cursors moved since the last receipt, and when the next one may go. */
export class Receipts {
  private readonly moved = new Map<string, Cursor>();
  private lastAt = -Infinity;

  /** The conversation was applied up to here. */
  applied(cursor: Cursor): void {
    this.moved.set(String(cursor[0]), cursor);
  }

  /** What to tell now, or in how many milliseconds to ask again; both absent: nothing to tell. */
  due(now: number): { tell?: Cursor[]; askIn?: number } {
    if (this.moved.size === 0) return {};
    const wait = this.lastAt + RECEIPT_EVERY - now;
    if (wait > 0) return { askIn: wait };
    const tell = [...this.moved.values()];
    this.told(now);
    return { tell };
  }

  /** A heartbeat has told everything. */
  told(now: number): void {
    this.moved.clear();
    this.lastAt = now;
  }
}
