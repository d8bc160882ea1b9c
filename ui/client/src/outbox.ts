/**
 * What was said and is not stored by the server yet: which entry is next, and what becomes of it. Pure: the clock and the
 * dice come in, and writing it down is somebody else's business.
 *
 * One entry is one tap of the send button. Its key is made once and goes with every attempt, so the server stores it
 * once, however often it is sent. Of one conversation one entry at a time is on its way, and those behind it wait: what
 * was typed first stands first.
 */

import { pause } from "./backoff.js";
import type { Draft } from "./draft.js";
import type { Id } from "./wire.js";

/** Milliseconds after which an entry that nobody took fails for good. */
export const KEPT = 24 * 60 * 60 * 1_000;
/** Answers of code 500 before an entry fails: a defect of the server that meets every attempt must not block a thread for a day. */
const DEFECTS = 5;
/** Connections that an entry may lose before it waits like one that was refused. */
const SUSPECT = 3;
/** No pause is longer than this, milliseconds, whatever the server says; one that is, is of a clock that was put back. */
const LONGEST_PAUSE = 15 * 60 * 1_000;

/** `queued`: waits. `sending`: on its way. `sent`: stored by the server, not seen in the thread yet. `failed`: for good. */
export type EntryState = "queued" | "sending" | "sent" | "failed";

/** One message that is on its way. Objects are never changed in place. */
export interface Entry {
  /** The `client_msg_id`. */
  readonly key: string;
  /** Order of the taps, over all tabs of this browser. */
  readonly position: number;
  /** Where it goes; `undefined` is a member's own conversation. */
  readonly conversation?: Id | undefined;
  readonly draft: Draft;
  readonly state: EntryState;
  readonly attempts: number;
  /** Milliseconds, by this device's clock. */
  readonly createdAt: number;
  /** Not before this moment, milliseconds. */
  readonly notBefore: number;
  /** Whether `notBefore` holds even if the network comes back before it: the server wished it so, or has reason to. */
  readonly asked?: boolean;
  /** Why it failed, or what the last attempt met. `0`: no answer; `expired` is -1. */
  readonly code?: number;
  readonly msg?: string;
  /** The message's id and number, once it is stored. */
  readonly id?: Id | undefined;
  readonly seq?: number | undefined;
}

/** The code of an entry that nobody took for {@link KEPT}. */
export const EXPIRED = -1;

/** What an attempt met. `code` 0: no answer, so that nobody knows whether it was stored. */
export interface Refusal {
  readonly code: number;
  readonly msg?: string | undefined;
  /** Milliseconds. */
  readonly retryAfter?: number | undefined;
}

/** Whether the same attempt may go well later: no answer, a token that ended, a limit, a defect, a server that is away. */
export function passes(code: number): boolean {
  return [0, 401, 429, 500, 502, 503, 504].includes(code);
}

/** All entries, in order, and the rules for them. */
export class Outbox {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly random: () => number) {}

  /** The entry of this key. */
  get(key: string): Entry | undefined {
    return this.entries.get(key);
  }

  /** Those of one conversation, or all, in the order of the taps. */
  list(of?: { conversation: Id | undefined }): Entry[] {
    const all = [...this.entries.values()].sort((one, other) => one.position - other.position);
    return of ? all.filter((entry) => laneOf(entry) === laneOf(of)) : all;
  }

  /** Takes in an entry as somebody else tells it: the storage, or another tab. */
  put(entry: Entry): Entry {
    this.entries.set(entry.key, entry);
    return entry;
  }

  /** Takes in what was written down. What seemed to be on its way is not: whoever carried it is gone. */
  restore(stored: readonly Entry[]): void {
    for (const entry of stored) if (this.entries.get(entry.key)?.state !== "sent") this.put(entry);
    for (const entry of this.entries.values()) if (entry.state === "sending") this.put({ ...entry, state: "queued" });
  }

  /** Forgets the entry: it is in the thread now, or nobody wants it any more. */
  drop(key: string): boolean {
    return this.entries.delete(key);
  }

  /** The first entry of each conversation, if it may go now. Entries that are too old fail on the way. */
  due(now: number): { ready: Entry[]; expired: Entry[] } {
    const ready: Entry[] = [];
    const expired: Entry[] = [];
    const busy = new Set<string>();
    for (const entry of this.list()) {
      const lane = laneOf(entry);
      if (entry.state === "sent" || entry.state === "failed" || busy.has(lane)) continue;
      if (entry.state === "queued" && now - entry.createdAt >= KEPT) {
        expired.push(this.put({ ...entry, state: "failed", code: EXPIRED, msg: "expired" }));
        continue;
      }
      busy.add(lane);
      if (entry.state === "queued" && wait(entry, now) <= 0) ready.push(entry);
    }
    return { ready, expired };
  }

  /** How many milliseconds until something is due, or `undefined` where nothing waits for a moment. */
  untilDue(now: number): number | undefined {
    const busy = new Set<string>();
    let least: number | undefined;
    for (const entry of this.list()) {
      const lane = laneOf(entry);
      if (entry.state === "sent" || entry.state === "failed" || busy.has(lane)) continue;
      busy.add(lane);
      if (entry.state === "queued") least = Math.min(least ?? Infinity, Math.max(0, wait(entry, now)));
    }
    return least;
  }

  /** It is on its way. */
  start(key: string): Entry | undefined {
    return this.change(key, (entry) => ({ ...entry, state: "sending", attempts: entry.attempts + 1 }));
  }

  /** The server has it. */
  stored(key: string, id: Id | undefined, seq: number | undefined): Entry | undefined {
    return this.change(key, ({ code: _, msg: __, ...entry }) => ({ ...entry, state: "sent", id, seq }));
  }

  /** The server said no, or nothing. */
  refused(key: string, refusal: Refusal, now: number): Entry | undefined {
    return this.change(key, (entry) => {
      const { code, msg, retryAfter } = refusal;
      const why = { code, ...(msg === undefined ? {} : { msg }) };
      if (!passes(code) || (code === 500 && entry.attempts >= DEFECTS)) return { ...entry, ...why, state: "failed" };
      const own = pause(entry.attempts, this.random);
      const notBefore = now + Math.min(Math.max(own, retryAfter ?? 0), LONGEST_PAUSE);
      return { ...entry, ...why, state: "queued", notBefore, asked: retryAfter !== undefined };
    });
  }

  /**
   * The connection went while it was on its way. It goes again with the next one, unless that happens to it again and
   * again: then it may be the reason, and must not take every new connection with it at once.
   */
  lost(key: string, now: number): Entry | undefined {
    return this.change(key, (entry) => {
      if (entry.state !== "sending") return entry;
      const suspect = entry.attempts >= SUSPECT;
      const notBefore = suspect ? now + pause(entry.attempts, this.random) : now;
      return { ...entry, state: "queued", notBefore, asked: suspect };
    });
  }

  /** The network is back: nothing but the server's own wishes is waited for. */
  wake(now: number): void {
    for (const entry of this.entries.values()) {
      if (entry.state === "queued" && !entry.asked) this.put({ ...entry, notBefore: now });
    }
  }

  /**
   * Somebody wants a failed entry to be tried once more, for another day. With the same key, since the first attempt may
   * have been stored after all; with `newKey` where the server refused that key as such (code 900).
   */
  retry(key: string, newKey: string, now: number): Entry | undefined {
    const entry = this.entries.get(key);
    if (entry?.state !== "failed") return undefined;
    const { code, msg: _, ...rest } = entry;
    const again = { ...rest, state: "queued" as const, attempts: 0, createdAt: now, notBefore: now, asked: false };
    if (code !== 900) return this.put(again);
    this.entries.delete(key);
    return this.put({ ...again, key: newKey });
  }

  private change(key: string, how: (entry: Entry) => Entry): Entry | undefined {
    const entry = this.entries.get(key);
    return entry && this.put(how(entry));
  }
}

function laneOf(of: { conversation?: Id | undefined }): string {
  return of.conversation === undefined ? "" : String(of.conversation);
}

function wait(entry: Entry, now: number): number {
  const rest = entry.notBefore - now;
  return rest > LONGEST_PAUSE ? 0 : rest;
}
