/** Who is typing. Pure: times come in. */

import { type Id, sameId } from "./wire.js";

/** Milliseconds between two words about it. The server drops what comes within two seconds, and not every word takes
 * equally long to get there. */
export const SAY_EVERY = 2_500;
/** Milliseconds after which somebody who was typing is no longer shown. */
export const HIDE_AFTER = 6_000;

/** What we say about our own typing: at most one word in {@link SAY_EVERY}, and the last one is the truth. */
export class OwnTyping {
  private said = false;
  private wants = false;
  private saidAt = -Infinity;

  /** Whether to say something now, or in how many milliseconds to ask again; both absent: nothing to do. */
  want(on: boolean | undefined, now: number): { say?: boolean; askIn?: number } {
    if (on !== undefined) this.wants = on;
    if (!this.wants && !this.said) return {};
    const wait = this.saidAt + SAY_EVERY - now;
    if (wait > 0) return this.wants === this.said ? {} : { askIn: wait };
    if (this.wants === this.said && on === undefined) return {};
    this.said = this.wants;
    this.saidAt = now;
    return { say: this.said };
  }

  /** What was being typed was sent: nobody shows us as typing any more, without a word from us. */
  sent(): void {
    this.said = this.wants = false;
  }
}

/** Who else is typing, and until when it is shown. */
export class OthersTyping {
  private shown: { conversation: Id; from: string; until: number }[] = [];

  /** Somebody types, or stopped. Says whether that is news. */
  hear(conversation: Id, from: string, on: boolean, now: number): boolean {
    const known = this.shown.some((one) => sameId(one.conversation, conversation) && one.from === from);
    this.shown = this.shown.filter((one) => !(sameId(one.conversation, conversation) && one.from === from));
    if (on) this.shown.push({ conversation, from, until: now + HIDE_AFTER });
    return known !== on;
  }

  /** Takes away those who went silent. */
  expire(now: number): { conversation: Id; from: string }[] {
    const gone = this.shown.filter((one) => one.until <= now);
    this.shown = this.shown.filter((one) => one.until > now);
    return gone;
  }

  /** Milliseconds until somebody is to be hidden. */
  untilNext(now: number): number | undefined {
    if (this.shown.length === 0) return undefined;
    return Math.max(0, Math.min(...this.shown.map((one) => one.until)) - now);
  }

  /** Those who type in this conversation. */
  in(conversation: Id | undefined): string[] {
    return this.shown.filter((one) => sameId(one.conversation, conversation)).map((one) => one.from);
  }
}
