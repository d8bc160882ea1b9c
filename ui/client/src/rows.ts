/** The messages of a thread from some number on, without gaps. Pure. */

import type { Message } from "./message.js";

/** Rows in order, and what is known of older ones that are not here. */
export class Rows {
  private list: Message[] = [];
  /** The number of the first row; one above the last where there is none. */
  private floor = 1;
  /** Older rows that changed: an older page that was read before the change must not undo it. */
  private readonly below = new Map<number, Message>();

  /** All of them. */
  get all(): readonly Message[] {
    return this.list;
  }

  /** The lowest number that is here. */
  get first(): number {
    return this.floor;
  }

  /** The highest number that is here; where nothing is, the one before the first. */
  get last(): number {
    return this.floor + this.list.length - 1;
  }

  /** The row of this number. */
  at(seq: number): Message | undefined {
    return this.list[seq - this.floor];
  }

  /** Forgets everything, and begins with these; where there are none, after `head`. */
  restart(messages: readonly Message[], head: number): void {
    this.below.clear();
    this.list = [...messages];
    this.floor = this.list[0]?.seq ?? head + 1;
  }

  /** Puts a message behind the last one. Says whether it comes right after that. */
  append(message: Message): boolean {
    if (message.seq !== this.last + 1) return false;
    this.list.push(message);
    return true;
  }

  /** Puts older messages before the first one, as far as they join on. Says how many did. */
  prepend(messages: readonly Message[]): number {
    const joined: Message[] = [];
    for (const message of [...messages].sort((one, other) => other.seq - one.seq)) {
      if (message.seq !== this.floor - 1) continue;
      const kept = this.below.get(message.seq);
      this.below.delete(message.seq);
      joined.push(kept && kept.change >= message.change ? kept : message);
      this.floor -= 1;
    }
    this.list = [...joined.reverse(), ...this.list];
    return joined.length;
  }

  /**
   * Puts a message in the place of what it was before, unless that is newer, and answers what it was. A message that is
   * older than the first row is kept for later: `below`.
   */
  replace(message: Message): { old: Message } | "below" | undefined {
    const old = this.at(message.seq);
    if (old) {
      if (message.change <= old.change) return undefined;
      this.list[message.seq - this.floor] = message;
      return { old };
    }
    const kept = this.below.get(message.seq);
    if (message.seq >= this.floor || (kept && kept.change >= message.change)) return undefined;
    this.below.set(message.seq, message);
    return "below";
  }
}
