/** Carries the outbox to the server, in the tab that leads: one entry of a conversation at a time, until it is stored. */

import type { Cancel, Env } from "./env.js";
import { KefuError, Lost } from "./http.js";
import type { Entry, Outbox } from "./outbox.js";
import type { Post } from "./post.js";
import type { Id } from "./wire.js";

/** What the server said to an entry that it stored. */
export interface Stored {
  id?: Id | undefined;
  seq?: number | undefined;
  conversation?: Id | undefined;
}

/** Who knows the way, and who wants to know what became of it. */
export interface CourierListener {
  /** Sends the entry, or says that there is no way now. */
  carry(entry: Entry): Promise<Stored> | undefined;
  /** The entry is another now. */
  moved(entry: Entry): void;
  /** The server stored it. */
  stored(entry: Entry, stored: Stored): void;
}

/** A courier that runs until it is stopped. */
export class Courier {
  private alarm: Cancel = () => {};
  private running = true;

  constructor(
    private readonly env: Env,
    private readonly outbox: Outbox,
    private readonly kept: Pick<Post, "storage">,
    private readonly listener: CourierListener,
  ) {}

  /** Sends what is due, and comes back by itself for what is due later. */
  go(): void {
    if (!this.running) return;
    this.alarm();
    const now = this.env.now();
    const { ready, expired } = this.outbox.due(now);
    for (const entry of expired) this.keep(entry);
    for (const entry of ready) {
      const way = this.listener.carry(entry);
      if (!way) return;
      const going = this.outbox.start(entry.key);
      if (going) this.listener.moved(going);
      void this.deliver(entry.key, way);
    }
    const rest = this.outbox.untilDue(now);
    if (rest !== undefined) this.alarm = this.env.after(rest, () => this.go());
  }

  /** Nothing is sent any more. What is on its way is somebody else's to send again, under the same key. */
  stop(): void {
    this.running = false;
    this.alarm();
    for (const entry of this.outbox.list()) {
      if (entry.state === "sending") this.outbox.lost(entry.key, this.env.now());
    }
  }

  private async deliver(key: string, way: Promise<Stored>): Promise<void> {
    try {
      const stored = await way;
      if (!this.running) return;
      const entry = this.outbox.stored(key, stored.id, stored.seq);
      if (entry) {
        await this.kept.storage.remove(key).catch(() => undefined);
        // It may have come back as a message meanwhile; then everybody knows that it is gone.
        const still = this.outbox.get(key);
        if (still) this.listener.moved(still);
        this.listener.stored(entry, stored);
      }
    } catch (error) {
      if (!this.running) return;
      const { code, message, retryAfter } = error instanceof KefuError ? error : new KefuError(0, String(error));
      const lost = error instanceof Lost;
      const now = this.env.now();
      const entry = lost ? this.outbox.lost(key, now) : this.outbox.refused(key, { code, msg: message, retryAfter }, now);
      if (entry) this.keep(entry);
    }
    this.go();
  }

  /** Written down and told; the telling does not wait for the disk. */
  private keep(entry: Entry): void {
    void this.kept.storage.put(entry).catch(() => undefined);
    this.listener.moved(entry);
  }
}
