/** Up to where this side has read, told until the server knows. */

import { pause } from "./backoff.js";
import { readFrame } from "./commands.js";
import type { Cancel, Env } from "./env.js";
import { KefuError } from "./http.js";
import { passes } from "./outbox.js";
import type { Envelope, Id } from "./wire.js";

/** What was read and not taken note of yet, by conversation. */
export class Reads {
  private readonly open = new Map<string, { conversation: Id; seq: number }>();
  /** Set while everything waits for a better moment. */
  private alarm: Cancel | undefined;
  private failures = 0;
  private over = false;

  constructor(
    private readonly env: Pick<Env, "after" | "random">,
    private readonly ask: (frame: Envelope) => Promise<Envelope>,
  ) {}

  /** Everything up to this number was read. */
  read(conversation: Id, seq: number): void {
    const key = String(conversation);
    if (seq <= (this.open.get(key)?.seq ?? 0)) return;
    this.open.set(key, { conversation, seq });
    if (!this.alarm) void this.tell(conversation, seq);
  }

  /** There is a connection again: what the server did not take note of is told again. */
  again(): void {
    this.calm();
    for (const { conversation, seq } of this.open.values()) void this.tell(conversation, seq);
  }

  stop(): void {
    this.over = true;
    this.calm();
  }

  private async tell(conversation: Id, seq: number): Promise<void> {
    try {
      await this.ask(readFrame(conversation, seq));
      this.failures = 0;
    } catch (error) {
      const { code, retryAfter } = error instanceof KefuError ? error : new KefuError(0, String(error));
      if (passes(code)) {
        this.later(retryAfter);
        return;
      }
      // Anything else would be the same next time.
    }
    const key = String(conversation);
    if (this.open.get(key)?.seq === seq) this.open.delete(key);
  }

  private later(wish: number | undefined): void {
    if (this.over || this.alarm) return;
    this.failures += 1;
    const rest = Math.max(wish ?? 0, pause(this.failures, this.env.random));
    this.alarm = this.env.after(rest, () => this.again());
  }

  private calm(): void {
    this.alarm?.();
    this.alarm = undefined;
  }
}
