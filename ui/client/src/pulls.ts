/** Which conversations to ask for what they miss, without asking twice for the same. Pure: the time comes in. */

import type { Thread } from "./thread.js";

/**
 * Milliseconds before the same question is asked again; doubles while nothing comes of it. The server takes at most six
 * seconds, so two answers to one question do not cross.
 */
const AGAIN = 10_000;
const LONGEST = 60_000;

interface Question {
  cursor: string;
  at: number;
  tries: number;
  /** Not before this moment, whatever the cursor is by then: the server wished it so. */
  notBefore?: number;
}

/** Questions that were asked and not answered yet. */
export class Pulls {
  private readonly asked = new Map<string, Question>();

  /** Those to ask for now, and in how many milliseconds to look again. */
  due(threads: Iterable<Thread>, now: number): { ask: Thread[]; askIn?: number } {
    const ask: Thread[] = [];
    let askIn: number | undefined;
    for (const thread of threads) {
      const key = String(thread.conversation);
      if (!thread.behind) {
        this.asked.delete(key);
        continue;
      }
      const question = this.asked.get(key);
      const same = question?.cursor === cursorText(thread);
      const rest = (question?.notBefore ?? (question && same ? question.at + patience(question.tries) : now)) - now;
      if (rest > 0) {
        askIn = Math.min(askIn ?? Infinity, rest);
        continue;
      }
      this.asked.set(key, { cursor: cursorText(thread), at: now, tries: question && (same || question.notBefore) ? question.tries + 1 : 1 });
      ask.push(thread);
    }
    return askIn === undefined ? { ask } : { ask, askIn };
  }

  /** An answer for this thread is on its way without being asked for: with a greeting, or as the next page. */
  expect(thread: Thread, now: number): void {
    this.asked.set(String(thread.conversation), { cursor: cursorText(thread), at: now, tries: 1 });
  }

  /** The server cannot say now; it wishes to be left alone for so many milliseconds, or names no time. */
  postpone(thread: Thread, wish: number | undefined, now: number): void {
    const key = String(thread.conversation);
    const tries = this.asked.get(key)?.tries ?? 1;
    const rest = wish === undefined ? patience(tries) : Math.max(wish, Math.min(LONGEST, wish * 2 ** (tries - 1)));
    this.asked.set(key, { cursor: cursorText(thread), at: now, tries, notBefore: now + rest });
  }

  /** Nothing that was asked will be answered: whom it was asked of is gone. */
  forget(): void {
    this.asked.clear();
  }
}

function cursorText(thread: Thread): string {
  return `${thread.epoch ?? ""} ${thread.cursor.join(" ")}`;
}

function patience(tries: number): number {
  return Math.min(LONGEST, AGAIN * 2 ** (tries - 1));
}
