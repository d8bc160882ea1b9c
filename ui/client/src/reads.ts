/** Up to where this side has read, told until the server knows. */

import { readFrame } from "./commands.js";
import { KefuError } from "./http.js";
import type { Envelope, Id } from "./wire.js";

/** What was read and not taken note of yet, by conversation. */
export class Reads {
  private readonly open = new Map<string, { conversation: Id; seq: number }>();

  constructor(private readonly ask: (frame: Envelope) => Promise<Envelope>) {}

  /** Everything up to this number was read. */
  read(conversation: Id, seq: number): void {
    const key = String(conversation);
    if (seq <= (this.open.get(key)?.seq ?? 0)) return;
    this.open.set(key, { conversation, seq });
    void this.tell(conversation, seq);
  }

  /** There is a connection again: what nobody answered is told again. */
  again(): void {
    for (const { conversation, seq } of this.open.values()) void this.tell(conversation, seq);
  }

  private async tell(conversation: Id, seq: number): Promise<void> {
    try {
      await this.ask(readFrame(conversation, seq));
    } catch (error) {
      // No answer: told again with the next connection. Anything else would be the same next time.
      if (error instanceof KefuError && error.code === 0) return;
    }
    const key = String(conversation);
    if (this.open.get(key)?.seq === seq) this.open.delete(key);
  }
}
